// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/device_planner: all that speaks against devices is told at once.
#include "vmm/machine/device_planner.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "devices/chardev/chardev_config.h"
#include "tests/harness/temporary_directory.h"
#include "tests/unit/vmm/machine/plan_bench.h"

namespace siskin::test {
namespace {

class PortOwner final : public IoHandler {
    std::uint64_t read(IoAccess) override { return 0; }
    void write(IoAccess, std::uint64_t) override {}
};

ChardevConfig null_chardev(const std::string& id) {
    ChardevConfig config;
    config.id = id;
    return config;
}

// A file of zeroes.
bool truncate_file(const std::string& path, std::uint64_t size) {
    std::ofstream(path).close();
    std::error_code error;
    std::filesystem::resize_file(path, size, error);
    return !error;
}

}  // namespace

TEST_SUITE("vmm/machine/device_planner conflicts") {
    TEST_CASE("all that speaks against one device is told at once") {
        PlanBench bench;

        const qmp::MachinePlan plan = bench.plan({device(
            "virtio-blk-pci", "rp1", "nope", {{"bogus", 1}, {"num-queues", 0}, {"drive", "d9"}})});

        REQUIRE(plan.devices.size() == 1);
        const Texts& conflicts = plan.devices[0].conflicts;
        REQUIRE(conflicts.size() == 5);
        CHECK(conflicts[0] == "Property 'virtio-blk-pci.bogus' not found");
        CHECK(conflicts[1].starts_with("Property 'virtio-blk-pci.num-queues' doesn't take"));
        CHECK(conflicts[2] == "Duplicate device ID 'rp1'");
        CHECK(conflicts[3] == "Bus 'nope' not found");
        CHECK(conflicts[4] == "Property 'drive' can't find value 'd9'");
        CHECK(place_of(plan.devices[0]) == "none");
    }

    TEST_CASE("of very many conflicts the first are told, and that there are more") {
        PlanBench bench;
        Value::Dict members;
        for (int number = 0; number < 1000; ++number) {
            members.set(concat("bogus", number), number);
        }

        const qmp::MachinePlan plan =
            bench.plan({device("virtio-blk-pci", "a", "rp1", std::move(members))});

        REQUIRE(plan.devices.size() == 1);
        REQUIRE(plan.devices[0].conflicts.size() == 64);
        CHECK(plan.devices[0].conflicts[63] == "There are more");
    }

    TEST_CASE("what the machine as a whole has not enough of is a conflict of the plan") {
        PlanBench bench;
        PlanOptions small = PlanBench::options(true);
        small.apertures.memory32.size = kMiB;

        const qmp::MachinePlan plan = bench.plan({disk("n1", "rp2", "d1")}, small);

        REQUIRE(plan.conflicts.size() == 2);  // the windows of both ports
        CHECK(plan.conflicts[0].starts_with("PCI 32-bit memory aperture of 1048576 bytes"));
        CHECK(plan.devices[0].conflicts.empty());
        CHECK_FALSE(plan.devices[0].pci.has_value());
    }

    TEST_CASE("each shortage of the machine is told, not the first alone") {
        PlanBench bench;
        PlanOptions small = PlanBench::options(true);
        small.apertures.memory32.size = kMiB;
        small.apertures.memory64.size = kMiB;

        const qmp::MachinePlan plan = bench.plan({disk("n1", "rp2", "d1")}, small);

        std::size_t narrow = 0;
        std::size_t wide = 0;
        for (const std::string& conflict : plan.conflicts) {
            narrow += conflict.starts_with("PCI 32-bit memory aperture of 1048576 bytes") ? 1 : 0;
            wide += conflict.starts_with("PCI 64-bit memory aperture of 1048576 bytes") ? 1 : 0;
        }
        CHECK(narrow >= 2);
        CHECK(wide >= 2);
        CHECK(narrow + wide == plan.conflicts.size());
    }

    TEST_CASE("a disk's settings that do not go are told together, with its node's and its ROM's") {
        PlanBench bench;

        const qmp::MachinePlan plan = bench.plan({device("virtio-blk-pci", "n1", "rp2",
                                                         {{"drive", "d0"},
                                                          {"serial", "012345678901234567890"},
                                                          {"queue-size", 100},
                                                          {"logical_block_size", 1000},
                                                          {"scsi", "on"},
                                                          {"disable-legacy", "on"},
                                                          {"disable-modern", "on"},
                                                          {"iothread", "t"},
                                                          {"romfile", "/nope.rom"},
                                                          {"acpi-index", 16384},
                                                          {"addr", "1.0"}})});

        const Texts& conflicts = plan.devices[0].conflicts;
        const std::string all = joined(conflicts);
        CAPTURE(all);
        CHECK(conflicts.size() == 11);
        for (const std::string_view part :
             {"slot 1 is not valid", "acpi-index should be", "failed to find romfile",
              "'iothread' names 't'", "disable-modern", ".scsi'", "serial is 21", "queue-size is",
              "logical_block_size is 1000", "physical_block_size is 512", "d0"}) {
            CAPTURE(part);
            CHECK(all.find(part) != std::string::npos);
        }
    }

    TEST_CASE("a bridge's settings that do not go are told together with its place's") {
        PlanBench bench;

        const auto devices =
            bench
                .plan({device("pcie-root-port", "p", "rp2",
                              {{"chassis", 1}, {"pref32-reserve", "2M"}, {"pref64-reserve", "2M"}}),
                       device("pci-bridge", "b", "nope", {{"shpc", "on"}}),
                       device("pxb-pcie", "x", "rp2", {{"bus_nr", 0}})})
                .devices;

        for (const std::string_view part :
             {"pref", "Can't add chassis slot, chassis 1", "a root port goes on a PCI Express"}) {
            CAPTURE(part);
            CHECK(joined(devices[0].conflicts).find(part) != std::string::npos);
        }
        for (const std::string_view part :
             {"Bridge chassis not specified", "pci-bridge.shpc", "Bus 'nope' not found"}) {
            CAPTURE(part);
            CHECK(joined(devices[1].conflicts).find(part) != std::string::npos);
        }
        CHECK(joined(devices[2].conflicts).find("only to root bus") != std::string::npos);
    }

    TEST_CASE("an option ROM of a plan is looked at, and not kept") {
        PlanBench bench;
        const TemporaryDirectory folder;
        const std::string rom = folder.path("rom");
        REQUIRE(truncate_file(rom, 16 * kMiB));

        const qmp::MachinePlan plan =
            bench.plan({device("virtio-blk-pci", "n1", "rp2", {{"drive", "d1"}, {"romfile", rom}}),
                        device("virtio-blk-pci", "n2", "rp2",
                               {{"drive", "d1"}, {"romfile", folder.path("none")}})});

        REQUIRE(plan.devices[0].pci.has_value());
        CHECK(plan.devices[0].pci->regions.back().bar == 6);
        CHECK(plan.devices[0].pci->regions.back().size == 16 * kMiB);
        CHECK(joined(plan.devices[1].conflicts).find("failed to find romfile") !=
              std::string::npos);
    }

    TEST_CASE("an ISA device cannot be hot-plugged; on a command line it has a place, or reasons") {
        PlanBench bench;
        REQUIRE(bench.serial_places.take({}).has_value());
        PortOwner com1;
        REQUIRE(bench.pci.ports.add(IoRange{0x3f8, 8, &com1}).has_value());
        REQUIRE(bench.chardevs.add(null_chardev("c0"), bench.loop, bench.pci.lock).has_value());
        const std::vector<qmp::DeviceDescription> wanted{
            device("isa-serial", "s1", "", {{"chardev", "c0"}}),
            device("isa-serial", "s2", "", {{"index", 0}}),
            device("isa-serial", "s3", "", {{"chardev", "c0"}, {"bogus", 1}}),
            device("isa-debugcon", "c1", ""),
            device("isa-debug-exit", "e1", "", {{"iobase", 0xe9}}),
            device("isa-debug-exit", "e2", "", {{"iobase", 0x3f8}})};

        const auto cold = bench.plan(wanted, false).devices;

        CHECK(cold[0].conflicts.empty());
        CHECK(cold[0].bus == "isa.0");
        CHECK(cold[0].gsi == 3);  // COM2
        CHECK(joined(cold[1].conflicts) == "ISA serial port with index 0 is there already\n");
        CHECK(joined(cold[2].conflicts) ==
              "Property 'isa-serial.bogus' not found\nDevice 'c0' is in use\n");
        CHECK(cold[3].conflicts.empty());
        CHECK_FALSE(cold[3].gsi.has_value());
        CHECK(joined(cold[4].conflicts).starts_with("iobase: "));
        CHECK(joined(cold[5].conflicts).starts_with("iobase: "));
        CHECK_FALSE(bench.chardevs.find("c0")->in_use());
        CHECK(joined(bench.plan(wanted).devices[0].conflicts) ==
              "Bus 'isa.0' does not support hotplugging\n");
    }
}

}  // namespace siskin::test
