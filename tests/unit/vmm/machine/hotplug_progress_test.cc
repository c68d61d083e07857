// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/hotplug_progress, in the machine's hands: steps as a guest takes them, waits.
#include "vmm/machine/hotplug_progress.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/vmm/machine/hotplug_guest.h"

namespace siskin::test {
namespace {

using Texts = std::vector<std::string>;

Value::Dict first_disk() {
    return HotplugBench::disk("n0", "rp1", "d0");
}

// With n0 in rp1, taken into use, all told.
struct BusyBench : HotplugBench {
    explicit BusyBench(HotplugWay way = HotplugWay::Slots) : HotplugBench(way) {
        const std::string added = add(first_disk());
        SISKIN_ASSERT(added.empty());
        guest_code.slot(HotplugGuest::kOn);
        guest_code.take_into_use();
        static_cast<void>(steps());
    }

    HotplugGuest guest_code{*this};
};

}  // namespace

TEST_SUITE("vmm/machine/hotplug_progress") {
    TEST_CASE("by the slot's registers each step is told once, where it is seen") {
        HotplugBench bench;
        HotplugGuest guest(bench);
        REQUIRE(bench.add(first_disk()).empty());
        CHECK(bench.steps() == Texts{"n0 plug requested", "n0 plug slot"});

        guest.slot(HotplugGuest::kOffBlinking);
        CHECK(bench.steps() == Texts{"n0 plug acknowledged"});
        guest.slot(HotplugGuest::kOnBlinking);
        guest.slot(HotplugGuest::kOn);
        CHECK(bench.steps().empty());
        CHECK(guest.finds_device());
        CHECK(bench.steps() == Texts{"n0 plug enumerated"});
        guest.enable();
        CHECK(bench.steps() == Texts{"n0 plug enabled"});
        guest.drive();
        CHECK(bench.steps() == Texts{"n0 plug driver-ok"});
        guest.take_into_use();
        CHECK(bench.steps().empty());

        REQUIRE(bench.remove("n0").empty());
        CHECK(bench.steps() == Texts{"n0 unplug requested", "n0 unplug guest-told"});
        guest.slot(HotplugGuest::kOnBlinking);
        CHECK(bench.steps() == Texts{"n0 unplug acknowledged"});
        guest.slot(HotplugGuest::kOff);
        bench.run_until_told(2);
        CHECK(bench.steps() == Texts{"n0 unplug guest-released", "n0 unplug released"});
        CHECK(std::is_sorted(bench.events.times.begin(), bench.events.times.begin() + 6));
        CHECK(bench.events.times[5].count() > 0);
    }

    TEST_CASE("the same by ACPI's registers") {
        HotplugBench bench(HotplugWay::Acpi);
        HotplugGuest guest(bench);
        REQUIRE(bench.add(first_disk()).empty());
        CHECK(bench.steps() == Texts{"n0 plug requested", "n0 plug slot"});

        CHECK(guest.shall_go() == 0);
        CHECK(bench.steps().empty());
        CHECK(guest.came() == 1);
        CHECK(guest.came() == 0);
        CHECK(bench.steps() == Texts{"n0 plug acknowledged"});
        guest.take_into_use();
        CHECK(bench.steps() == Texts{"n0 plug enumerated", "n0 plug enabled", "n0 plug driver-ok"});

        REQUIRE(bench.remove("n0").empty());
        CHECK(guest.shall_go() == 1);
        guest.eject();
        bench.run_until_told(2);
        CHECK(bench.steps() == Texts{"n0 unplug requested", "n0 unplug guest-told",
                                     "n0 unplug acknowledged", "n0 unplug guest-released",
                                     "n0 unplug released"});
    }

    TEST_CASE("without function 0 the guest is not told; with it, of all functions") {
        HotplugBench bench;
        Value::Dict second = HotplugBench::disk("n1", "rp1", "d1");
        second.set("addr", "0.1");
        REQUIRE(bench.add(second, bench.wait(HotplugStep::Slot)).empty());
        CHECK(bench.steps() == Texts{"n1 plug requested"});
        CHECK(bench.answers.empty());

        Value::Dict first = first_disk();
        first.set("multifunction", true);
        first.set("addr", "0.0");
        REQUIRE(bench.add(first).empty());

        CHECK(bench.steps() == Texts{"n1 plug slot", "n0 plug requested", "n0 plug slot"});
        CHECK(bench.answers == Texts{"ok"});
    }

    TEST_CASE("a reset that completes a removal is no step of the guest's") {
        BusyBench bench;
        REQUIRE(bench.remove("n0").empty());
        static_cast<void>(bench.steps());

        bench.reset();
        bench.run_until_told(2);

        CHECK(bench.steps() == Texts{"n0 unplug released"});
    }

    TEST_CASE("who waits is answered at the step, after the events of it") {
        HotplugBench bench;
        HotplugGuest guest(bench);
        REQUIRE(bench.add(first_disk(), bench.wait(HotplugStep::DriverOk)).empty());
        guest.slot(HotplugGuest::kOn);
        guest.take_into_use();
        CHECK(bench.answers.empty());
        bench.run_until_answered(1);
        CHECK(bench.answers == Texts{"ok"});

        REQUIRE(bench.remove("n0", bench.wait(HotplugStep::Released)).empty());
        guest.slot(HotplugGuest::kOff);
        CHECK(bench.answers.size() == 1);
        bench.run_until_answered(2);
        CHECK(bench.answers.back() == "ok");
        CHECK(bench.events.told.size() == 2);
    }

    TEST_CASE("a step that is there when the wait begins is answered at once") {
        HotplugBench bench;

        REQUIRE(bench.add(first_disk(), bench.wait(HotplugStep::Slot)).empty());

        CHECK(bench.answers == Texts{"ok"});
    }

    TEST_CASE("a plug that the guest does not answer to is taken back, all of it (H02)") {
        for (const HotplugWay way : {HotplugWay::Slots, HotplugWay::Acpi}) {
            HotplugBench bench(way);
            HotplugGuest guest(bench);
            const Traces before = bench.traces();
            REQUIRE(bench.add(first_disk(), bench.wait(HotplugStep::DriverOk, 1)).empty());

            bench.run_until_answered(1);

            CHECK(bench.answers == Texts{"Device '/machine/peripheral/n0' got no further than "
                                         "'slot' in time; the plug was taken back"});
            CHECK(bench.events.told.back() == "deleted n0 /machine/peripheral/n0");
            Traces after = bench.traces();
            // The thread that disks share stays from its first use on.
            after.threads = before.threads;
            after.descriptors = before.descriptors;
            CHECK(after == before);
            CHECK(guest.came() == 0);
            CHECK_FALSE(guest.finds_device());
            CHECK(bench.add(first_disk()).empty());
        }
    }

    TEST_CASE("a plug that the guest answered to stays, and the error says where it is stuck") {
        HotplugBench bench;
        HotplugGuest guest(bench);
        REQUIRE(bench.add(first_disk(), bench.wait(HotplugStep::DriverOk, 1)).empty());
        guest.slot(HotplugGuest::kOn);
        CHECK(guest.finds_device());

        bench.run_until_answered(1);

        CHECK(bench.answers ==
              Texts{"Device '/machine/peripheral/n0' got no further than 'enumerated' in time"});
        CHECK(bench.devices.find("n0") != nullptr);
        CHECK(bench.events.told.empty());
    }

    TEST_CASE("a client that has gone takes nothing back") {
        HotplugBench bench;
        REQUIRE(bench.add(first_disk(), bench.wait(HotplugStep::DriverOk, 1)).empty());
        bench.is_waited_for = false;

        bench.run_until_answered(1);

        CHECK(bench.devices.find("n0") != nullptr);
        CHECK(bench.events.told.empty());
    }

    TEST_CASE("a removal that the guest does not answer stays asked for (H02)") {
        BusyBench bench;
        REQUIRE(bench.remove("n0", bench.wait(HotplugStep::Released, 1)).empty());

        bench.run_until_answered(1);

        CHECK(bench.answers == Texts{"Device '/machine/peripheral/n0' got no further than "
                                     "'guest-told' in time; its removal stays asked for"});
        CHECK(bench.devices.find("n0") != nullptr);
        CHECK(bench.remove("n0") == "Device n0 is already in the process of unplug");
        bench.guest_code.slot(HotplugGuest::kOff);
        bench.run_until_told(2);
        CHECK(bench.events.told.back() == "deleted n0 /machine/peripheral/n0");
    }

    TEST_CASE("a wait ends when what it waits for cannot come any more") {
        HotplugBench bench;
        HotplugGuest guest(bench);
        REQUIRE(bench.add(first_disk(), bench.wait(HotplugStep::DriverOk)).empty());
        guest.slot(HotplugGuest::kOn);
        CHECK(bench.remove("n0", bench.wait(HotplugStep::Released)).empty());
        CHECK(bench.answers == Texts{"Device '/machine/peripheral/n0' is going"});

        // The button while the indicator blinks: no, after all.
        guest.slot(HotplugGuest::kOnBlinking);
        guest.slot(HotplugGuest::kOn);
        bench.run_until_answered(2);
        CHECK(bench.answers.back() == "The guest does not let go of '/machine/peripheral/n0'");
    }

    TEST_CASE("a device without DRIVER_OK cannot be waited for that long") {
        HotplugBench bench;

        CHECK(bench.add({{"driver", "pcie-pci-bridge"}, {"id", "b"}, {"bus", "rp1"}},
                        bench.wait(HotplugStep::DriverOk)) ==
              "'driver-ok' is a step of virtio devices, which 'pcie-pci-bridge' is not");
        CHECK(bench.devices.find("b") == nullptr);
        CHECK(bench.answers.empty());
    }
}

}  // namespace siskin::test
