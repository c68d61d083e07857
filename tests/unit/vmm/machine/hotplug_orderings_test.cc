// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/hotplug in every order of requests, and against a guest that acts by itself.
#include "vmm/machine/hotplug.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/machine/hotplug_guest.h"

namespace siskin::test {
namespace {

using Texts = std::vector<std::string>;

const Texts kGone{"deleted - /machine/peripheral/n0/virtio-backend",
                  "deleted n0 /machine/peripheral/n0"};
const std::string kPending = "Device n0 is already in the process of unplug";

// How far the guest has come with the removal of n0.
enum class Answer { None, Known, LetGo };

struct LeavingBench : HotplugBench {
    LeavingBench(HotplugWay way, Answer answer)
        : HotplugBench(way), by_acpi(way == HotplugWay::Acpi) {
        const std::string added = add(disk("n0", "rp1", "d0"));
        SISKIN_ASSERT(added.empty());
        guest_code.slot(HotplugGuest::kOn);
        guest_code.take_into_use();
        const std::string removed = remove("n0");
        SISKIN_ASSERT(removed.empty());
        if (answer != Answer::None) {
            hear();
        }
        if (answer == Answer::LetGo) {
            let_go();
        }
    }
    void hear() {
        if (by_acpi) {
            static_cast<void>(guest_code.shall_go());
        } else {
            guest_code.slot(HotplugGuest::kOnBlinking);
        }
    }
    void let_go() {
        if (by_acpi) {
            guest_code.eject();
        } else {
            guest_code.slot(HotplugGuest::kOff);
        }
    }
    // Whatever came before: it goes once, and can come again.
    void check_end() {
        let_go();
        run_until_told(2);
        loop.run_ready();
        CHECK(events.told == kGone);
        if (bus("rp1").functions().empty()) {
            CHECK(add(disk("n0", "rp1", "d0")).empty());
        }
    }

    bool by_acpi;
    HotplugGuest guest_code{*this};
};

constexpr std::array kWays{HotplugWay::Slots, HotplugWay::Acpi};
constexpr std::array kAnswers{Answer::None, Answer::Known, Answer::LetGo};

}  // namespace

TEST_SUITE("vmm/machine/hotplug orderings") {
    TEST_CASE("a removal asked for twice is one removal, however far the guest is (H03)") {
        for (const HotplugWay way : kWays) {
            for (const Answer answer : kAnswers) {
                LeavingBench bench(way, answer);

                CHECK(bench.remove("n0") == kPending);
                CHECK(bench.remove("/machine/peripheral/n0") ==
                      "Device /machine/peripheral/n0 is already in the process of unplug");

                bench.check_end();
            }
        }
    }

    TEST_CASE("an id is taken until its device is gone, however far the guest is (H03)") {
        for (const HotplugWay way : kWays) {
            for (const Answer answer : kAnswers) {
                LeavingBench bench(way, answer);

                CHECK(bench.add(HotplugBench::disk("n0", "rp2", "d1")) ==
                      "Duplicate device ID 'n0'");

                bench.check_end();
                CHECK(bench.bus("rp2").functions().empty());
            }
        }
    }

    TEST_CASE(
        "a place is taken until the guest lets go, a back end until the device is gone (H03)") {
        for (const HotplugWay way : kWays) {
            for (const Answer answer : {Answer::None, Answer::Known}) {
                LeavingBench bench(way, answer);
                CHECK(bench.add(HotplugBench::disk("n1", "rp1", "d1"))
                          .starts_with("PCI: no slot/function available for virtio-blk-pci"));
                CHECK_FALSE(bench.add(HotplugBench::disk("n1", "rp2", "d0")).empty());
                bench.check_end();
            }
            LeavingBench bench(way, Answer::LetGo);
            CHECK_FALSE(bench.add(HotplugBench::disk("n1", "rp1", "d0")).empty());
            CHECK(bench.add(HotplugBench::disk("n1", "rp1", "d1")).empty());
            bench.run_until_told(2);
            CHECK(bench.events.told == kGone);
            CHECK(bench.bus("rp1").functions().size() == 1);
            CHECK(bench.devices.find("n1") != nullptr);
        }
    }

    TEST_CASE("a guest that lets go unasked releases the device once; it can come again (H05)") {
        for (const HotplugWay way : kWays) {
            HotplugBench bench(way);
            HotplugGuest guest(bench);
            for (std::size_t cycle = 1; cycle <= 3; ++cycle) {
                REQUIRE(bench.add(HotplugBench::disk("n0", "rp1", "d0")).empty());
                guest.slot(HotplugGuest::kOn);
                guest.take_into_use();
                static_cast<void>(bench.steps());

                for (int twice = 0; twice < 2; ++twice) {
                    guest.slot(HotplugGuest::kOff);
                    guest.eject();
                }
                bench.run_until_told(2 * cycle);

                CHECK(bench.steps() == Texts{"n0 unplug guest-released", "n0 unplug released"});
                CHECK(bench.events.told.size() == 2 * cycle);
                CHECK(bench.events.told.back() == kGone.back());
                CHECK(bench.devices.find("n0") == nullptr);
                CHECK(bench.pci.doorbells.bound().empty());
            }
        }
    }

    TEST_CASE(
        "a guest that does not let go is told of, once; it may be asked again at once (H02)") {
        LeavingBench bench(HotplugWay::Slots, Answer::Known);

        bench.guest_code.slot(HotplugGuest::kOn);
        bench.guest_code.slot(HotplugGuest::kOn);
        bench.run_until_told(1);
        bench.loop.run_ready();

        CHECK(bench.events.told == Texts{"refused n0 /machine/peripheral/n0"});
        CHECK(bench.devices.find("n0") != nullptr);
        CHECK(bench.bus("rp1").functions().size() == 1);
        bench.events.told.clear();
        CHECK(bench.remove("n0").empty());
        bench.check_end();
    }

    TEST_CASE("who comes next is not taken for the one that was to go (H05)") {
        LeavingBench bench(HotplugWay::Acpi, Answer::None);
        bench.let_go();
        bench.run_until_told(2);

        REQUIRE(bench.add(HotplugBench::disk("n0", "rp1", "d0")).empty());

        CHECK(bench.guest_code.shall_go() == 0);
        CHECK(bench.guest_code.came() == 1);
    }

    TEST_CASE("bridges of each kind, a switch's upstream port, disks and a VGA come and go") {
        const std::vector<Value::Dict> types{
            {{"driver", "pci-bridge"}, {"chassis_nr", 77}},
            {{"driver", "pcie-pci-bridge"}},
            {{"driver", "x3130-upstream"}},
            {{"driver", "siskin-vga-test"}},
            {{"driver", "virtio-blk-pci"}, {"drive", "d0"}},
        };
        for (const HotplugWay way : kWays) {
            HotplugBench bench(way);
            for (Value::Dict arguments : types) {
                CAPTURE(arguments.text("driver"));
                arguments.set("id", "n0");
                arguments.set("bus", "rp1");
                REQUIRE(bench.add(arguments).empty());
                HotplugGuest(bench).slot(HotplugGuest::kOn);
                REQUIRE(bench.remove("n0").empty());
                bench.reset();
                bench.run_until_told(1);
                bench.loop.run_ready();
                CHECK(bench.events.told.back() == kGone.back());
                CHECK(bench.devices.find("n0") == nullptr);
                CHECK(bench.bus("rp1").functions().empty());
                bench.events.told.clear();
            }
        }
    }

    TEST_CASE("root ports, downstream ports and expanders do not come to a port, and say why") {
        const std::vector<std::pair<Value::Dict, std::string>> refusals{
            {{{"driver", "pcie-root-port"}, {"chassis", 77}},
             "PCI: a root port goes on a PCI Express root bus: pcie-root-port on bus 'rp1'"},
            {{{"driver", "ioh3420"}, {"chassis", 77}},
             "PCI: a root port goes on a PCI Express root bus: ioh3420 on bus 'rp1'"},
            {{{"driver", "xio3130-downstream"}, {"chassis", 77}},
             "PCI: a downstream port goes below an upstream port: xio3130-downstream on bus"},
            {{{"driver", "pxb-pcie"}, {"bus_nr", 64}},
             "PCI: PXB devices can be attached only to root bus: pxb-pcie on bus 'rp1'"},
        };
        HotplugBench bench;
        for (auto [arguments, reason] : refusals) {
            arguments.set("bus", "rp1");
            const std::string refused = bench.add(arguments);
            CAPTURE(refused);
            CHECK(refused.starts_with(reason));
        }
        CHECK(bench.bus("rp1").functions().empty());
    }

    TEST_CASE("a guest that never answers keeps nothing from being asked again or ended (H02)") {
        for (const HotplugWay way : kWays) {
            LeavingBench bench(way, Answer::None);
            bench.run_until_told(0);
            bench.loop.run_ready();
            CHECK(bench.events.told.empty());
            CHECK(bench.devices.find("n0") != nullptr);
            CHECK(bench.bus("rp1").functions().size() == 1);
            CHECK_FALSE(bench.add(HotplugBench::disk("n1", "rp2", "d0")).empty());

            bench.reset();
            bench.run_until_told(2);
            CHECK(bench.events.told == kGone);
        }
    }
}

}  // namespace siskin::test
