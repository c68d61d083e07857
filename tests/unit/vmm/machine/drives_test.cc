// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/drives.
#include "vmm/machine/drives.h"

#include <doctest/doctest.h>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

std::string refusal(Value::Dict members) {
    const auto plan = plan_drive(OptionUse{"-drive x", std::move(members)}, 0);
    return plan ? std::string("no error") : plan.error().message;
}

}  // namespace

TEST_SUITE("vmm/machine/drives") {
    TEST_CASE("if=virtio, the default, makes a node and a device that names it") {
        const auto plan = plan_drive(OptionUse{"-drive x", {{"file", "/d"}, {"format", "raw"}}}, 3);

        REQUIRE(plan.has_value());
        CHECK(plan->id == "virtio3");
        REQUIRE(plan->device.has_value());
        CHECK(plan->device->members ==
              Value::Dict{{"driver", "virtio-blk-pci"}, {"drive", "virtio3"}});
        REQUIRE(plan->node.as_raw);
        const qmp::BlockdevOptions& file = *plan->node.as_raw->file->as_definition;
        CHECK(file.as_file->filename == "/d");
        CHECK(file.as_file->aio == qmp::BlockdevAioOptions::IoUring);
    }

    TEST_CASE("if=none makes the node alone, read-only all the way down") {
        const auto plan = plan_drive(OptionUse{"-drive x",
                                               {{"file", "/d"},
                                                {"format", "raw"},
                                                {"if", "none"},
                                                {"id", "d"},
                                                {"readonly", "on"}}},
                                     0);

        REQUIRE(plan.has_value());
        CHECK(plan->id == "d");
        CHECK_FALSE(plan->device.has_value());
        CHECK(plan->node.read_only == true);
        CHECK(plan->node.as_raw->file->as_definition->read_only == true);
    }

    TEST_CASE("what a drive says of errors and limits goes to its disk") {
        const auto plan = plan_drive(OptionUse{"-drive x",
                                               {{"file", "/d"},
                                                {"format", "raw"},
                                                {"werror", "stop"},
                                                {"rerror", "ignore"},
                                                {"bps", "1000"},
                                                {"throttling.group", "g"}}},
                                     0);

        REQUIRE(plan.has_value());
        CHECK(plan->policy.on_write_error == BlockOnError::Stop);
        CHECK(plan->policy.on_read_error == BlockOnError::Ignore);
        CHECK(plan->policy.limits.of(ThrottleUnit::Bytes, ThrottleScope::Total).average == 1000);
        CHECK(plan->policy.throttle_group == "g");
        CHECK(refusal({{"file", "/d"}, {"format", "raw"}, {"rerror", "enospc"}}) ==
              "-drive x: 'enospc' invalid read error action");
        CHECK(refusal({{"file", "/d"}, {"format", "raw"}, {"werror", "bogus"}})
                  .find("report, ignore, enospc, stop or auto") != std::string::npos);
    }

    TEST_CASE("without a format nothing is guessed") {
        CHECK(refusal({{"file", "/d"}}) ==
              "-drive x: Parameter 'format' is missing, allowed is raw: siskin never guesses what "
              "an image is");
        CHECK(refusal({{"file", "/d"}, {"format", "qcow2"}}) ==
              "-drive x: Parameter 'format' doesn't take value 'qcow2', allowed is raw");
    }

    TEST_CASE("a missing file, another interface and an unknown key are refused by name") {
        CHECK(refusal({{"format", "raw"}}) == "-drive x: Parameter 'file' is missing");
        CHECK(refusal({{"file", "/d"}, {"format", "raw"}, {"if", "ide"}}) ==
              "-drive x: Parameter 'if' doesn't take value 'ide', allowed are virtio and none");
        CHECK(refusal({{"bogus", "1"}}).find("Invalid parameter 'bogus', allowed are file") !=
              std::string::npos);
    }

    TEST_CASE("a word of cache= stands for its switches, which single ones override") {
        const auto none = plan_drive(
            OptionUse{"-drive x", {{"file", "/d"}, {"format", "raw"}, {"cache", "none"}}}, 0);
        const auto mixed = plan_drive(OptionUse{"-drive x",
                                                {{"file", "/d"},
                                                 {"format", "raw"},
                                                 {"cache", "directsync"},
                                                 {"cache.direct", "off"}}},
                                      0);

        REQUIRE(none.has_value());
        CHECK(none->node.cache->direct == true);
        CHECK(none->device->members.find("write-cache") == nullptr);
        REQUIRE(mixed.has_value());
        CHECK(mixed->node.cache->direct == false);
        CHECK(mixed->device->members.text("write-cache") == "off");
        CHECK(refusal({{"file", "/d"}, {"format", "raw"}, {"cache", "x"}}) ==
              "-drive x: invalid cache option 'x', allowed are writeback, none, writethrough, "
              "directsync, unsafe");
        CHECK(refusal({{"file", "/d"}, {"format", "raw"}, {"if", "none"}, {"cache", "directsync"}})
                  .find("say write-cache=off of the device") != std::string::npos);
    }

    TEST_CASE("a -blockdev is a node of its own, so it has a name") {
        const auto named = plan_blockdev(
            OptionUse{"-blockdev x", {{"driver", "null-co"}, {"node-name", "n"}, {"size", "1M"}}});

        REQUIRE(named.has_value());
        CHECK(named->as_null_co->size == 1048576U);
        CHECK(plan_blockdev(OptionUse{"-blockdev x", {{"driver", "null-co"}}}).error().message ==
              "'node-name' must be specified for the root node");
    }
}
