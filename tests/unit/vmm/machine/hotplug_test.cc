// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/hotplug.
#include "vmm/machine/hotplug.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include <sys/resource.h>

#include "tests/unit/vmm/machine/hotplug_bench.h"

namespace siskin::test {
namespace {

// At most so many descriptors while it lives.
class DescriptorLimit {
public:
    explicit DescriptorLimit(std::size_t count) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit now = before_;
        now.rlim_cur = count;
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    DescriptorLimit(const DescriptorLimit&) = delete;
    DescriptorLimit& operator=(const DescriptorLimit&) = delete;

private:
    rlimit before_{};
};

const std::vector<std::string> kDiskGone{"deleted - /machine/peripheral/n0/virtio-backend",
                                         "deleted n0 /machine/peripheral/n0"};

// Two conventional bridges, one behind the other, in the port rp1.
struct BridgeBench : HotplugBench {
    explicit BridgeBench(HotplugWay way) : HotplugBench(way) {
        environment.hot_plugging = false;
        build({{"driver", "pcie-pci-bridge"}, {"id", "ppb"}, {"bus", "rp1"}});
        build({{"driver", "pci-bridge"},
               {"id", "br"},
               {"bus", "ppb"},
               {"addr", "1"},
               {"chassis_nr", 1}});
        environment.hot_plugging = true;
        reset();
    }
    static Value::Dict last_disk(const std::string& bus) {
        Value::Dict arguments = disk("n0", bus, "d0");
        arguments.set("addr", "1f");
        return arguments;
    }
    PciFunction* find_last(const std::string& name) {
        return bus(name).function(DevFn::of(0x1f, 0));
    }
};

}  // namespace

TEST_SUITE("vmm/machine/hotplug") {
    TEST_CASE("a removal that the guest does not answer is completed by a reset") {
        HotplugBench bench;
        REQUIRE(bench.add(HotplugBench::disk("n0", "rp1", "d0")).empty());
        CHECK(bench.devices.find("n0")->hot_plugged);
        bench.reset();  // from here on the slot has power

        CHECK(bench.remove("n0").empty());
        bench.loop.run_ready();
        CHECK(bench.events.told.empty());
        CHECK(bench.remove("n0") == "Device n0 is already in the process of unplug");
        CHECK(bench.add(HotplugBench::disk("n0", "rp2", "d1")) == "Duplicate device ID 'n0'");

        bench.reset();
        CHECK(bench.bus("rp1").functions().empty());
        CHECK(bench.events.told.empty());
        CHECK(bench.remove("n0") == "Device n0 is already in the process of unplug");
        bench.run_until_told(2);
        CHECK(bench.events.told == kDiskGone);
        CHECK(bench.devices.find("n0") == nullptr);
        CHECK(bench.add(HotplugBench::disk("n0", "rp2", "d0")).empty());
    }

    TEST_CASE("an I/O thread that is busy elsewhere holds up a removal, and nobody else") {
        HotplugBench bench;
        REQUIRE(bench.add(HotplugBench::disk("n0", "rp1", "d0")).empty());
        bench.reset();
        REQUIRE(bench.remove("n0").empty());
        bench.reset();
        // As if another disk of the thread's waited for the host; not for ever, if it fails.
        constexpr std::chrono::seconds kBusyMax{5};
        std::promise<void> gate;
        REQUIRE(bench.io_threads.entries().size() == 1);
        bench.io_threads.entries().front().thread->post(
            [open = gate.get_future().share(), kBusyMax](IoLoop&) { open.wait_for(kBusyMax); });
        const auto begin = std::chrono::steady_clock::now();
        std::thread loop([&] { bench.run_until_told(2); });

        bool taken = false;
        while (!taken && std::chrono::steady_clock::now() - begin < 2 * kBusyMax) {
            const MutexLock hold(bench.pci.lock);
            taken = bench.devices.find("n0") == nullptr;
        }
        CHECK(taken);
        CHECK(std::chrono::steady_clock::now() - begin < kBusyMax / 2);
        gate.set_value();
        loop.join();
        CHECK(bench.events.told == kDiskGone);
    }

    TEST_CASE("what is behind a bridge goes before it, and a second reset takes nothing more") {
        HotplugBench bench;
        REQUIRE(bench.add({{"driver", "pcie-pci-bridge"}, {"id", "b"}, {"bus", "rp1"}}).empty());
        bench.environment.hot_plugging = false;
        bench.build(HotplugBench::disk("n0", "b", "d0"));
        bench.environment.hot_plugging = true;
        bench.reset();
        REQUIRE(bench.remove("b").empty());

        bench.reset();
        bench.reset();
        bench.run_until_told(3);

        CHECK(bench.events.told == std::vector<std::string>{kDiskGone[0], kDiskGone[1],
                                                            "deleted b /machine/peripheral/b"});
    }

    TEST_CASE("what cannot be plugged or unplugged is refused") {
        HotplugBench bench;

        CHECK(bench.add({{"id", "n0"}}) == "Parameter 'driver' is missing");
        CHECK(bench.add({{"driver", "nope"}}) == "'nope' is not a valid device model name");
        CHECK(bench.add({{"driver", "isa-serial"}}) == "Bus 'isa.0' does not support hotplugging");
        CHECK(bench.add(HotplugBench::disk("n0", "pcie.0", "d0")) ==
              "Bus 'pcie.0' does not support hotplugging; free: 'rp1'");
        CHECK(bench.remove("nope") == "Device 'nope' not found");
        CHECK(bench.remove("rp1") == "Bus 'pcie.0' does not support hotplugging");
        CHECK(bench.add(HotplugBench::disk("n0", "rp1", "d0")).empty());
        CHECK(bench.add(HotplugBench::disk("n1", "rp1", "d1"))
                  .starts_with("PCI: no slot/function available for virtio-blk-pci"));
    }

    TEST_CASE("function 0 comes last; one that the guest never saw goes at once") {
        HotplugBench bench;
        Value::Dict second = HotplugBench::disk("n1", "rp1", "d1");
        second.set("addr", "0.1");
        REQUIRE(bench.add(second).empty());

        REQUIRE(bench.remove("n1").empty());
        bench.run_until_told(2);
        CHECK(bench.events.told.back() == "deleted n1 /machine/peripheral/n1");

        Value::Dict first = HotplugBench::disk("n0", "rp1", "d0");
        first.set("multifunction", true);
        REQUIRE(bench.add(first).empty());
        CHECK(bench.add(second) ==
              "PCI: slot 0 function 0 already occupied by virtio-blk-pci, new func "
              "virtio-blk-pci cannot be exposed to guest.");
    }

    TEST_CASE("a slot of two functions goes as a whole, whichever of them is named (H09)") {
        for (const char* const named : {"n0", "n1"}) {
            CAPTURE(named);
            HotplugBench bench;
            Value::Dict second = HotplugBench::disk("n1", "rp1", "d1");
            second.set("addr", "0.1");
            Value::Dict first = HotplugBench::disk("n0", "rp1", "d0");
            first.set("multifunction", true);
            first.set("addr", "0.0");
            REQUIRE(bench.add(second) == "");
            REQUIRE(bench.add(first) == "");
            bench.reset();

            REQUIRE(bench.remove(named).empty());
            bench.reset();
            bench.run_until_told(4);

            CHECK(bench.events.told ==
                  std::vector<std::string>{kDiskGone[0], kDiskGone[1],
                                           "deleted - /machine/peripheral/n1/virtio-backend",
                                           "deleted n1 /machine/peripheral/n1"});
            CHECK(bench.bus("rp1").functions().empty());
            CHECK(bench.add(HotplugBench::disk("n1", "rp1", "d1")).empty());
        }
    }

    TEST_CASE("a switch goes with its ports and disks, each before what it hangs on (H09)") {
        HotplugBench bench;
        const Traces before = bench.traces();
        bench.environment.hot_plugging = false;
        bench.build({{"driver", "x3130-upstream"}, {"id", "up"}, {"bus", "rp1"}});
        bench.build(
            {{"driver", "xio3130-downstream"}, {"id", "p0"}, {"bus", "up"}, {"chassis", 3}});
        bench.build(
            {{"driver", "xio3130-downstream"}, {"id", "p1"}, {"bus", "up"}, {"chassis", 4}});
        bench.build(HotplugBench::disk("n0", "p0", "d0"));
        bench.build(HotplugBench::disk("n1", "p1", "d1"));
        bench.environment.hot_plugging = true;
        bench.reset();

        REQUIRE(bench.remove("up").empty());
        bench.reset();
        bench.run_until_told(7);

        const auto place_of = [&](const std::string& id) {
            const auto line = concat("deleted ", id, " /machine/peripheral/", id);
            return std::find(bench.events.told.begin(), bench.events.told.end(), line) -
                   bench.events.told.begin();
        };
        CHECK(bench.events.told.size() == 7);
        CHECK(place_of("n0") < place_of("p0"));
        CHECK(place_of("n1") < place_of("p1"));
        CHECK(place_of("p0") < place_of("up"));
        CHECK(place_of("p1") < place_of("up"));
        CHECK(place_of("up") == 6);
        Traces after = bench.traces();
        after.threads = before.threads;  // the thread that disks share stays, and its descriptors
        after.descriptors = before.descriptors;
        CHECK(after == before);
    }

    TEST_CASE("on a conventional bridge's bus devices come and go by ACPI") {
        BridgeBench bench(HotplugWay::Acpi);
        for (const char* const bus : {"ppb", "br"}) {
            CAPTURE(bus);
            bench.events.told.clear();
            REQUIRE(bench.add(BridgeBench::last_disk(bus)).empty());
            CHECK(bench.find_last(bus) != nullptr);
            CHECK(bench.remove("n0").empty());
            const auto number = bench.acpi.number_of(bench.bus(bus));
            REQUIRE(number.has_value());

            bench.acpi.write(IoAccess{0x10, 4}, *number);
            CHECK(bench.acpi.read(IoAccess{0x04, 4}) == 0x80000000);
            bench.acpi.write(IoAccess{0x08, 4}, 0x80000000);
            bench.run_until_told(2);

            CHECK(bench.events.told == kDiskGone);
            CHECK(bench.find_last(bus) == nullptr);
        }
    }

    TEST_CASE("without ACPI a conventional bridge has no way to tell the guest, and says so") {
        BridgeBench bench(HotplugWay::Slots);

        CHECK(bench.add(BridgeBench::last_disk("ppb")) ==
              "Bus 'ppb' does not support hotplugging; free: 'rp2'");
        CHECK(bench.add(BridgeBench::last_disk("br")) ==
              "Bus 'br' does not support hotplugging; free: 'rp2'");
        CHECK(bench.find_last("br") == nullptr);
    }

    TEST_CASE("a plug that fails, at whichever descriptor it wants, leaves no trace (H07)") {
        HotplugBench bench;
        const Traces before = bench.traces();
        unsigned failures = 0;
        for (std::size_t spare = 0; spare < 64; ++spare) {
            CAPTURE(spare);
            const DescriptorLimit limit(before.descriptors - 1 + spare);
            if (bench.add(HotplugBench::disk("n0", "rp1", "d0")).empty()) {
                break;
            }
            ++failures;
        }
        CHECK(failures >= 5);
        REQUIRE(bench.devices.find("n0") != nullptr);
        REQUIRE(bench.remove("n0").empty());
        bench.reset();
        bench.run_until_told(2);
        CHECK(bench.add(HotplugBench::disk("n0", "rp1", "nope")) != "");
        Traces after = bench.traces();
        // The thread that disks share stays from its first use on.
        after.threads -= 1;
        after.descriptors = before.descriptors;
        CHECK(after == before);
    }

    TEST_CASE("a refused plug changes nothing, and a hundred cycles leave nothing behind (H07)") {
        HotplugBench bench;
        REQUIRE(bench.add(HotplugBench::disk("other", "rp2", "d1")).empty());
        const Traces before = bench.traces();
        CHECK(!bench.add(HotplugBench::disk("n0", "rp1", "nope")).empty());
        CHECK(!bench.add(HotplugBench::disk("n0", "rp1", "d1")).empty());
        Value::Dict odd = HotplugBench::disk("n0", "rp1", "d0");
        odd.set("logical_block_size", 1000);
        CHECK(!bench.add(odd).empty());
        CHECK(bench.traces() == before);

        for (unsigned cycle = 1; cycle <= 100; ++cycle) {
            REQUIRE(bench.add(HotplugBench::disk("n0", "rp1", "d0")).empty());
            REQUIRE(bench.remove("n0").empty());
            bench.reset();
            bench.run_until_told(std::size_t{2} * cycle);
        }

        CHECK(bench.events.told.size() == 200);
        CHECK(bench.traces() == before);
    }
}

}  // namespace siskin::test
