// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/device_builder: reading a device's arguments.
#include "vmm/machine/device_builder.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/unit/vmm/machine/hotplug_bench.h"
#include "virtio/block/blk_pci.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

Result<PlannedDevice> plan(Value::Dict members, std::vector<OptionUse> globals = {}) {
    return plan_device(OptionUse{"-device x", std::move(members)}, globals);
}

}  // namespace

TEST_SUITE("vmm/machine/device_builder") {
    TEST_CASE("arguments reach every part of the config, as strings and as JSON") {
        const auto text = plan({{"driver", "virtio-blk"},
                                {"id", "disk0"},
                                {"addr", "3.1"},
                                {"num-queues", "2"},
                                {"event_idx", "off"}});
        const auto json = plan({{"driver", "virtio-blk-pci"}, {"num-queues", 2}, {"addr", 25}});

        REQUIRE(text.has_value());
        REQUIRE(json.has_value());
        const auto* const config = static_cast<const BlkPciConfig*>(text->config.get());
        CHECK(text->id == "disk0");
        CHECK(config->pci.addr == DevFn::of(3, 1));
        CHECK(config->blk.num_queues == 2);
        CHECK_FALSE(config->virtio.event_idx);
        CHECK(static_cast<const BlkPciConfig*>(json->config.get())->pci.addr == DevFn::of(3, 1));
    }

    TEST_CASE("the address -1 is the first free slot") {
        for (const Value& address : {Value(-1), Value("-1")}) {
            const auto planned = plan({{"driver", "virtio-blk"}, {"addr", address}});

            REQUIRE(planned.has_value());
            CHECK_FALSE(static_cast<const BlkPciConfig*>(planned->config.get())->pci.addr);
        }
    }

    TEST_CASE("a -global is checked even where no device is concerned") {
        const auto refusal = [](Value::Dict members) {
            const auto checked = check_globals({OptionUse{"-global g", std::move(members)}});
            return checked ? std::string() : checked.error().message;
        };

        CHECK(refusal({{"driver", "nope"}, {"property", "x"}, {"value", "1"}}) ==
              "-global g: 'nope' is not a valid device model name, see -device help");
        CHECK(refusal({{"bogus", "on"}}).starts_with("-global g: Invalid parameter 'bogus'"));
        CHECK(refusal({{"driver", "virtio-blk-pci"}}) ==
              "-global g: Parameter 'property' is missing");
        CHECK(refusal({{"driver", "virtio-blk"}, {"property", "num-queues"}, {"value", "abc"}})
                  .find("doesn't take value 'abc'") != std::string::npos);
        CHECK(refusal({{"driver", "virtio-blk"}, {"property", "num-queues"}, {"value", "2"}})
                  .empty());
    }

    TEST_CASE("an unknown type, property and value are told in QEMU's words and what is allowed") {
        CHECK(plan({{"driver", "nope"}}).error().message ==
              "-device x: 'nope' is not a valid device model name, see -device help");
        CHECK(plan({{"driver", "virtio-blk-pci"}, {"bogus", 1}}).error().message ==
              "-device x: Property 'virtio-blk-pci.bogus' not found");
        CHECK(plan({{"driver", "virtio-blk-pci"}, {"num-queues", "65"}}).error().message ==
              "-device x: Property 'virtio-blk-pci.num-queues' doesn't take value '65', allowed is "
              "a number from 1 to 64");
        CHECK(plan({{"driver", "virtio-blk-pci"}, {"addr", "zz"}})
                  .error()
                  .message.starts_with("-device x: Property 'virtio-blk-pci.addr' doesn't take "
                                       "value 'zz', allowed is "));
        CHECK(plan({{"id", "x"}}).error().message == "-device x: Parameter 'driver' is missing");
    }

    TEST_CASE("an id is an identifier") {
        CHECK(plan({{"driver", "pcie-root-port"}, {"id", "1a"}})
                  .error()
                  .message.starts_with("-device x: Parameter 'id' expects an identifier"));
        CHECK(plan({{"driver", "pcie-root-port"}, {"id", ""}}).has_value() == false);
        CHECK(plan({{"driver", "pcie-root-port"}, {"id", "a.b-c_1"}}).has_value());
    }

    TEST_CASE("-global changes a default, and the device's own argument wins") {
        const std::vector<OptionUse> globals{
            {"-global g", {{"driver", "virtio-blk"}, {"property", "num-queues"}, {"value", "7"}}}};

        const auto plain = plan({{"driver", "virtio-blk-pci"}}, globals);
        const auto own = plan({{"driver", "virtio-blk-pci"}, {"num-queues", 3}}, globals);

        REQUIRE(plain.has_value());
        REQUIRE(own.has_value());
        CHECK(static_cast<const BlkPciConfig*>(plain->config.get())->blk.num_queues == 7);
        CHECK(static_cast<const BlkPciConfig*>(own->config.get())->blk.num_queues == 3);
    }

    TEST_CASE("an option ROM loaded ahead is the device's; nothing is read under the lock") {
        test::HotplugBench bench;
        Value::Dict arguments = test::HotplugBench::disk("n0", "rp1", "d0");
        arguments.set("romfile", bench.directory.write_file("rom", "ROM"));
        auto planned = plan_device(arguments, {});
        REQUIRE(planned.has_value());
        REQUIRE(load_option_rom(*planned).has_value());
        std::filesystem::remove(bench.directory.path("rom"));

        const MutexLock hold(bench.pci.lock);
        REQUIRE(build_device(bench.environment, *planned).has_value());

        const PciFunction* const disk = bench.bus("rp1").function(DevFn::of(0, 0));
        REQUIRE(disk != nullptr);
        CHECK(disk->rom()->read(IoAccess{0, 2}) == 0x4f52);
        CHECK_FALSE(bench.environment.rom.has_value());
        CHECK(load_option_rom(*planned).error().message.starts_with("failed to find romfile"));
    }

    TEST_CASE("-global of a property that does not exist is an error") {
        const std::vector<OptionUse> globals{
            {"-global g", {{"driver", "virtio-blk-pci"}, {"property", "no"}, {"value", "1"}}}};

        CHECK(plan({{"driver", "virtio-blk-pci"}}, globals).error().message ==
              "-global g: Property 'virtio-blk-pci.no' not found");
    }
}
