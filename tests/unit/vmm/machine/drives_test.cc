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
        CHECK(plan->node.find("file")->as_dict()->text("filename") == "/d");
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
        CHECK(*plan->node.find("read-only") == Value(true));
        CHECK(*plan->node.find("file")->as_dict()->find("read-only") == Value(true));
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
}
