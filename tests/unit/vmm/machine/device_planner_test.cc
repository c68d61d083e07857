// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/device_planner: places and resources.
#include "vmm/machine/device_planner.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/machine/plan_bench.h"

namespace siskin::test {

TEST_SUITE("vmm/machine/device_planner") {
    TEST_CASE("a disk's place, vectors, interrupt and BARs, and nothing else has changed") {
        PlanBench bench;
        const Traces before = bench.traces();

        const qmp::MachinePlan plan = bench.plan({disk("n1", "rp2", "d1")});

        CHECK(plan.conflicts.empty());
        REQUIRE(plan.devices.size() == 1);
        const qmp::DevicePlan& found = plan.devices[0];
        CHECK(found.conflicts.empty());
        CHECK(found.id == "n1");
        CHECK(place_of(found) == "rp2 2:0.0");
        CHECK(found.bus_number == 0);  // no guest has numbered it
        CHECK(found.msix_vectors == 2);
        CHECK_FALSE(found.msi_vectors.has_value());
        CHECK(found.gsi == found.pci->irq);
        REQUIRE(found.pci->regions.size() == 2);
        CHECK(found.pci->regions[1].size == 0x4000);
        CHECK(found.pci->regions[1].address >= std::int64_t{1} << 39);
        CHECK(bench.traces() == before);
        CHECK(bench.steps().empty());
        CHECK(bench.events.told.empty());
        CHECK(bench.devices.find("n1") == nullptr);
        CHECK(bench.add(HotplugBench::disk("n1", "rp2", "d1")).empty());
    }

    TEST_CASE("reasons are those of device_add, word by word") {
        PlanBench bench;
        const std::vector<Value::Dict> refused{
            {{"id", "x"}},
            {{"driver", "nope"}},
            {{"driver", "isa-serial"}},
            HotplugBench::disk("n1", "rp1", "d1"),
            HotplugBench::disk("n1", "pcie.0", "d1"),
            HotplugBench::disk("n1", "rp2", "d0"),
            {{"driver", "virtio-blk-pci"}, {"bus", "rp2"}},
            {{"driver", "virtio-blk-pci"}, {"bus", "rp2"}, {"drive", "d1"}, {"iothread", "t"}},
            {{"driver", "virtio-blk-pci"}, {"bus", "rp2"}, {"drive", "d1"}, {"addr", "1.0"}},
            {{"driver", "pcie-root-port"}, {"bus", "rp2"}},
            {{"driver", "xio3130-downstream"}, {"bus", "rp2"}, {"chassis", 7}},
        };
        for (const Value::Dict& arguments : refused) {
            qmp::DeviceDescription description = device(arguments.text("driver"), "", "");
            description.driver = arguments.find("driver") == nullptr
                                     ? std::nullopt
                                     : std::optional(arguments.text("driver"));
            description.further = arguments;
            description.further.erase("driver");
            const std::string reason = bench.add(arguments);
            CAPTURE(reason);

            const qmp::MachinePlan plan = bench.plan({description});

            REQUIRE(plan.devices[0].conflicts.size() == 1);
            CHECK(plan.devices[0].conflicts[0] == reason);
        }
    }

    TEST_CASE("devices of a list are in each other's way, and one with conflicts in nobody's") {
        PlanBench bench;

        const qmp::MachinePlan plan =
            bench.plan({disk("a", "rp2", "d9"), disk("b", "rp2", "d1"), disk("b", "rp2", "d1")});

        CHECK(plan.devices[0].conflicts == Texts{"Property 'drive' can't find value 'd9'"});
        CHECK(place_of(plan.devices[1]) == "rp2 2:0.0");
        const Texts& last = plan.devices[2].conflicts;
        REQUIRE(last.size() == 3);
        CHECK(last[0] == "Duplicate device ID 'b'");
        CHECK(last[1].starts_with("PCI: no slot/function available for virtio-blk-pci"));
        CHECK(last[2].find("'d1'") != std::string::npos);
    }

    TEST_CASE("behind a bridge that comes at run time nothing can come before the next start") {
        PlanBench bench;
        const std::vector<qmp::DeviceDescription> devices{
            device("x3130-upstream", "up", "rp2"),
            device("xio3130-downstream", "down", "up", {{"chassis", 9}}), disk("n1", "down", "d1")};

        CHECK(bench.plan(devices).devices[1].conflicts ==
              Texts{"Bus 'up' does not support hotplugging"});
        const qmp::MachinePlan cold = bench.plan(devices, false);

        CHECK(place_of(cold.devices[0]) == "rp2 2:0.0");
        CHECK(place_of(cold.devices[1]) == "up 3:0.0");
        CHECK(place_of(cold.devices[2]) == "down 4:0.0");
        CHECK_FALSE(cold.devices[2].bus_number.has_value());
        REQUIRE(cold.devices[0].pci->pci_bridge.has_value());
        const qmp::PciBusInfo& numbers = cold.devices[0].pci->pci_bridge->bus;
        CHECK(numbers.number == 2);
        CHECK(numbers.secondary == 3);
        CHECK(numbers.subordinate == 4);
        CHECK(numbers.memory_range.base < numbers.memory_range.limit);
    }

    TEST_CASE("on the command line the root bus takes devices, and bridges without an id count") {
        HotplugBench bench;
        bench.environment.hot_plugging = false;
        bench.build({{"driver", "pcie-root-port"}, {"chassis", 3}});
        bench.build({{"driver", "pxb-pcie"}, {"id", "pxb"}, {"bus_nr", 0x40}});
        bench.environment.hot_plugging = true;
        DevicePlanner planner(bench.environment, PlanBench::options(false));

        const auto plan = planner.plan({disk("a", "", "d0"), disk("b", "pcie.1", "d1"),
                                        device("pcie-root-port", "rp9", "pxb", {{"chassis", 4}}),
                                        device("pcie-root-port", "rp8", "", {{"chassis", 3}})},
                                       {});

        REQUIRE(plan.has_value());
        CHECK(place_of(plan->devices[0]) == "pcie.0 0:4.0");
        CHECK(place_of(plan->devices[1]) == "pcie.1 3:0.0");
        CHECK(place_of(plan->devices[2]) == "pxb 64:0.0");
        REQUIRE(plan->devices[3].conflicts.size() == 1);
        CHECK(plan->devices[3].conflicts[0].starts_with("Can't add chassis slot, chassis 3 slot"));
    }

    TEST_CASE("before anything has run, devices may come behind new bridges, too") {
        PlanBench bench;
        PlanOptions early = PlanBench::options(true);
        early.covers_new_buses = true;
        const std::vector<qmp::DeviceDescription> devices{device("pcie-pci-bridge", "br", "rp2"),
                                                          disk("n1", "br", "d1")};

        CHECK(bench.plan(devices).devices[1].conflicts ==
              Texts{"Bus 'br' does not support hotplugging"});
        CHECK(place_of(bench.plan(devices, early).devices[1]) == "br 3:0.0");
    }
}

}  // namespace siskin::test
