// SPDX-License-Identifier: Apache-2.0
// Proves what pci/express_port does with its hot-plug slot: registers, interrupts, reachability.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "pci/express_port.h"
#include "pci/hotplug.h"
#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kPort{0, DevFn::of(2, 0)};
constexpr Bdf kDevice{1, DevFn::of(0, 0)};
constexpr std::uint32_t kSlot = 0x90 + kExpressSlotCapabilities;  // of ioh3420
constexpr std::uint32_t kControl = 0x90 + kExpressSlotControl;
constexpr std::uint32_t kStatus = 0x90 + kExpressSlotStatus;
constexpr std::uint32_t kEvents = kSlot - kExpressSlotCapabilities + kExpressSlotStatus;
constexpr std::uint16_t kEnables = 0x1039;

class Told final : public HotplugObserver {
public:
    void on_ejected(PciBus& bus, unsigned) override { ejected.push_back(&bus); }
    void on_eject_refused(PciBus& bus, unsigned) override { refused.push_back(&bus); }

    std::vector<PciBus*> ejected;
    std::vector<PciBus*> refused;
};

class Elsewhere final : public HotplugNotifier {
public:
    [[nodiscard]] bool covers(const PciBus&) const override { return true; }
    void on_plugged(PciBus&, unsigned) override {}
    void request_eject(PciBus&, unsigned) override {}
    void on_removed(PciBus&, unsigned) override {}
};

// A running machine with a port that has MSI, its driver listening, nothing behind it.
struct LiveSlot {
    explicit LiveSlot(const PortConfig& config = {})
        : port(make_port(machine, kIoh3420Type, machine.host.root(), kPort.devfn, "rp1", config)) {
        machine.host.topology().set_hotplug_observer(&told);
        driver.open_bridge(kPort, 1, 1, 0xe0000000, 0xe00fffff);
        driver.set_command(kPort, kCommandMemory | kCommandBusMaster);
        driver.write(kPort, 0x60 + kMsiAddress, 4, 0xfee00000);
        driver.write(kPort, 0x60 + kMsiControl, 2, kMsiEnable);
        driver.write(kPort, kControl, 2, 0x07c0 | kEnables);
        clear();
    }
    ~LiveSlot() { machine.host.topology().set_hotplug_observer(nullptr); }
    LiveSlot(const LiveSlot&) = delete;
    LiveSlot& operator=(const LiveSlot&) = delete;

    void clear() {
        driver.write(kPort, kStatus, 2, 0xffff);
        machine.msi.messages.clear();
    }
    std::uint64_t status() { return driver.read(kPort, kStatus, 2); }

    FakeIrqLine line;
    PciMachine machine;
    Told told;
    std::unique_ptr<ExpressPort> port;
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/express_port") {
    TEST_CASE(
        "a slot announces hot-plug where it is done by its registers, and the port allows it") {
        LiveSlot slot;
        CHECK((slot.driver.read(kPort, kSlot, 4) & 0x7f) == 0x7b);

        PciMachine machine;
        Elsewhere elsewhere;
        machine.host.topology().set_hotplug_notifier(&elsewhere);
        const auto quiet = make_port(machine, kIoh3420Type, machine.host.root(), kPort.devfn, "a");
        PortConfig off;
        off.hotplug = false;
        const auto cold =
            make_port(machine, kIoh3420Type, machine.host.root(), DevFn::of(3, 0), "b", off);
        DriverPci driver(machine);
        CHECK((driver.read(kPort, kSlot, 4) & 0x60) == 0);
        CHECK((driver.read(Bdf{0, DevFn::of(3, 0)}, kSlot, 4) & 0x60) == 0);
        CHECK(quiet->secondary().is_hot_pluggable());
        CHECK_FALSE(cold->secondary().is_hot_pluggable());
    }

    TEST_CASE("plug, power on, button, power off: each with its message (PCIe 5.0 §6.7)") {
        LiveSlot slot;
        ProbeFunction probe(slot.machine.place(slot.port->secondary(), DevFn::of(0, 0)), 1);

        probe.plug();
        CHECK(slot.status() ==
              (kExpressPresenceDetected | kExpressSlotPresenceChanged | kExpressSlotButtonPressed));
        CHECK(slot.machine.msi.messages.size() == 1);
        CHECK_FALSE(slot.driver.is_present(kDevice));
        slot.clear();
        CHECK(slot.status() == kExpressPresenceDetected);

        slot.driver.write(kPort, kControl, 2, 0x01c0 | kEnables);
        CHECK(slot.driver.is_present(kDevice));
        CHECK((slot.driver.read(kPort, 0x90 + kExpressLinkStatus, 2) & kExpressLinkActive) != 0);
        CHECK(slot.machine.msi.messages.size() == 1);
        slot.clear();

        slot.port->request_eject(0);
        CHECK(slot.status() == (kExpressPresenceDetected | kExpressSlotButtonPressed));
        CHECK(slot.machine.msi.messages.size() == 1);
        CHECK(slot.told.ejected.empty());
        slot.driver.write(kPort, kControl, 2, 0x07c0 | kEnables);
        CHECK(slot.told.ejected == std::vector<PciBus*>{&slot.port->secondary()});
        CHECK_FALSE(slot.driver.is_present(kDevice));
        CHECK((slot.status() & kExpressPresenceDetected) == 0);
    }

    TEST_CASE("a guest that goes back on it is told as a refusal") {
        LiveSlot slot;
        ProbeFunction probe(slot.machine.place(slot.port->secondary(), DevFn::of(0, 0)), 1);
        probe.plug();
        slot.driver.write(kPort, kControl, 2, 0x01c0 | kEnables);

        slot.port->request_eject(0);
        slot.driver.write(kPort, kControl, 2, 0x02c0 | kEnables);
        slot.driver.write(kPort, kControl, 2, 0x01c0 | kEnables);

        CHECK(slot.told.refused == std::vector<PciBus*>{&slot.port->secondary()});
        CHECK(slot.driver.is_present(kDevice));
    }

    TEST_CASE("without its enables an event is kept and no message sent") {
        LiveSlot slot;
        slot.driver.write(kPort, kControl, 2, 0x07c0);
        slot.clear();
        ProbeFunction probe(slot.machine.place(slot.port->secondary(), DevFn::of(0, 0)), 1);

        probe.plug();
        CHECK(slot.machine.msi.messages.empty());
        CHECK((slot.status() & kExpressSlotPresenceChanged) != 0);
        slot.driver.write(kPort, kControl, 2, 0x07c0 | kExpressSlotInterrupt | 0x8);
        CHECK(slot.machine.msi.messages.size() == 1);
    }

    TEST_CASE("each slot event is cleared by its own 1, and by nothing else (P15, §7.5.3.11)") {
        LiveSlot slot;
        ProbeFunction probe(slot.machine.place(slot.port->secondary(), DevFn::of(0, 0)), 1);
        probe.plug();
        slot.driver.write(kPort, kControl, 2, 0x01c0 | kEnables);
        const std::uint64_t all = slot.status();
        REQUIRE((all & kExpressSlotEvents) == kExpressSlotEvents);

        slot.driver.write(kPort, kEvents, 2, 0);
        slot.driver.write(kPort, kEvents, 2, ~unsigned{kExpressSlotEvents} & 0xffff);
        CHECK(slot.status() == all);
        slot.driver.write(kPort, kEvents, 1, kExpressSlotPresenceChanged);
        CHECK(slot.status() == (all & ~std::uint64_t{kExpressSlotPresenceChanged}));
        slot.driver.write(kPort, kEvents + 1, 1, kExpressSlotLinkChanged >> 8);
        CHECK((slot.status() & kExpressSlotEvents) ==
              (kExpressSlotButtonPressed | kExpressSlotCommandCompleted));
        // With Slot Control in one write: the command is carried out, and the 1s clear before it.
        slot.driver.write(kPort, kControl, 4,
                          0x01c0U | kEnables | std::uint32_t{kExpressSlotButtonPressed} << 16);
        CHECK((slot.status() & kExpressSlotEvents) == kExpressSlotCommandCompleted);
    }

    TEST_CASE(
        "commands in a row before the first is acknowledged leave no event stuck or lost (P15)") {
        LiveSlot slot;
        slot.driver.write(kPort, kControl, 2, 0x0680 | kEnables);
        slot.driver.write(kPort, kControl, 2, 0x06c0 | kEnables);
        CHECK((slot.status() & kExpressSlotCommandCompleted) != 0);
        slot.clear();
        CHECK((slot.status() & kExpressSlotCommandCompleted) == 0);

        slot.driver.write(kPort, kControl, 2, 0x07c0 | kEnables);

        CHECK((slot.status() & kExpressSlotCommandCompleted) != 0);
        CHECK(slot.machine.msi.messages.size() == 1);
    }

    TEST_CASE("a port without messages raises its pin until the events are cleared") {
        LiveSlot slot;
        slot.machine.host.intx().connect(slot.machine.host.root().root_input(kPort.devfn, 0),
                                         &slot.line);
        slot.driver.write(kPort, 0x60 + kMsiControl, 2, 0);
        ProbeFunction probe(slot.machine.place(slot.port->secondary(), DevFn::of(0, 0)), 1);

        probe.plug();
        CHECK(slot.line.asserted);
        slot.clear();
        CHECK_FALSE(slot.line.asserted);
    }

    TEST_CASE("a reset makes what is there present from the start, without events") {
        LiveSlot slot;
        ProbeFunction probe(slot.machine.place(slot.port->secondary(), DevFn::of(0, 0)), 1);
        probe.plug();
        slot.port->request_eject(0);

        bool done = false;
        slot.port->reset([&] { done = true; });

        CHECK(done);
        CHECK(slot.status() == kExpressPresenceDetected);
        CHECK(slot.driver.read(kPort, kControl, 2) == 0x01c0);
    }
}
