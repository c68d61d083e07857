// SPDX-License-Identifier: Apache-2.0
// Proves devices/chipset/acpi_pci_hotplug.
#include "devices/chipset/acpi_pci_hotplug.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;

namespace {

constexpr std::uint64_t kUp = 0x00;
constexpr std::uint64_t kDown = 0x04;
constexpr std::uint64_t kEject = 0x08;
constexpr std::uint64_t kSelect = 0x10;
constexpr std::uint64_t kIndex = 0x14;

class Ejections final : public HotplugObserver {
public:
    void on_ejected(PciBus& bus, unsigned device) override {
        told.push_back(concat(bus.name(), ' ', device));
    }
    void on_eject_refused(PciBus&, unsigned) override {}
    void on_slot_sign(PciBus& bus, unsigned device, SlotSign sign) override {
        signs.emplace_back(concat(bus.name(), ' ', device), sign);
    }

    std::vector<std::string> told;
    std::vector<std::pair<std::string, SlotSign>> signs;
};

// Two ports, the second of which allows nothing, on a machine that runs.
struct AcpiSlots {
    AcpiSlots() {
        machine.host.topology().set_hotplug_notifier(&block);
        PortConfig fixed;
        fixed.hotplug = false;
        first = make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");
        second =
            make_port(machine, kRootPortType, machine.host.root(), DevFn::of(2, 0), "rp2", fixed);
        machine.host.topology().set_hotplug_observer(&observer);
        block.reset();
    }
    ~AcpiSlots() {
        machine.host.topology().set_hotplug_observer(nullptr);
        machine.host.topology().set_hotplug_notifier(nullptr);
    }
    AcpiSlots(const AcpiSlots&) = delete;
    AcpiSlots& operator=(const AcpiSlots&) = delete;

    std::uint64_t get(std::uint64_t offset) { return block.read(IoAccess{offset, 4}); }
    void put(std::uint64_t offset, std::uint64_t value) { block.write(IoAccess{offset, 4}, value); }

    PciMachine machine;
    Ejections observer;
    unsigned raised = 0;
    AcpiPciHotplug block{machine.host.topology(), [this] { ++raised; }};
    std::unique_ptr<ExpressPort> first;
    std::unique_ptr<ExpressPort> second;
};

}  // namespace

TEST_SUITE("devices/chipset/acpi_pci_hotplug") {
    TEST_CASE("buses that allow hot-plug are covered, from the reset on") {
        AcpiSlots slots;
        const auto late = make_port(slots.machine, kRootPortType, slots.machine.host.root(),
                                    DevFn::of(3, 0), "rp3");

        CHECK(slots.block.covers(slots.first->secondary()));
        CHECK(slots.first->secondary().is_hot_pluggable());
        CHECK_FALSE(slots.second->secondary().is_hot_pluggable());
        CHECK_FALSE(slots.machine.host.root().is_hot_pluggable());
        CHECK_FALSE(late->secondary().is_hot_pluggable());
        slots.block.reset();
        CHECK(late->secondary().is_hot_pluggable());
        CHECK(slots.block.number_of(late->secondary()) == 1);
    }

    TEST_CASE("a device that comes is an event and a bit, read once") {
        AcpiSlots slots;
        ProbeFunction probe(slots.machine.place(slots.first->secondary(), DevFn::of(0, 0)), 1);

        probe.plug();

        CHECK(slots.raised == 1);
        CHECK(slots.get(kDown) == 0);
        CHECK(slots.get(kUp) == 1);
        CHECK(slots.get(kUp) == 0);
    }

    TEST_CASE("a request is an event and a bit, and a written bit ejects") {
        AcpiSlots slots;

        slots.first->secondary().request_eject(0);
        CHECK(slots.raised == 1);
        CHECK(slots.get(kDown) == 1);
        CHECK(slots.get(kDown) == 0);
        CHECK(slots.observer.told.empty());
        slots.put(kEject, 1);

        CHECK(slots.observer.told == std::vector<std::string>{"rp1 0"});
    }

    TEST_CASE("a device's acpi-index is read by its number, of no device it is 0") {
        AcpiSlots slots;
        PciPlace place = slots.machine.place(slots.first->secondary(), DevFn::of(0, 0));
        place.acpi_index = 77;
        ProbeFunction probe(place, 1);
        probe.plug();

        slots.put(kIndex, 0);
        CHECK(slots.get(kIndex) == 77);
        for (const std::uint64_t device : {1U, 31U, 32U, 0xffffffffU}) {
            slots.put(kIndex, device);
            CHECK(slots.get(kIndex) == 0);
        }
        slots.put(kIndex, 0);
        slots.put(kSelect, 1);
        CHECK(slots.get(kIndex) == 0);
    }

    TEST_CASE("who watches is told when the guest can know, and when it asked") {
        AcpiSlots slots;
        ProbeFunction probe(slots.machine.place(slots.first->secondary(), DevFn::of(0, 0)), 1);

        probe.plug();
        static_cast<void>(slots.get(kDown));
        static_cast<void>(slots.get(kUp));
        static_cast<void>(slots.get(kUp));
        slots.first->secondary().request_eject(0);
        static_cast<void>(slots.get(kDown));

        using Sign = std::pair<std::string, SlotSign>;
        CHECK(slots.observer.signs == std::vector<Sign>{{"rp1 0", SlotSign::PlugTold},
                                                        {"rp1 0", SlotSign::PlugAnswered},
                                                        {"rp1 0", SlotSign::UnplugTold},
                                                        {"rp1 0", SlotSign::UnplugAnswered}});
    }

    TEST_CASE("of a device that has gone nothing is left to ask about") {
        AcpiSlots slots;
        ProbeFunction probe(slots.machine.place(slots.first->secondary(), DevFn::of(0, 0)), 1);
        probe.plug();
        slots.first->secondary().request_eject(0);

        probe.unplug();

        CHECK(slots.get(kUp) == 0);
        CHECK(slots.get(kDown) == 0);
    }

    TEST_CASE("the bus that is selected is meant; one that is not there has nothing") {
        AcpiSlots slots;
        slots.first->secondary().request_eject(0);

        slots.put(kSelect, 7);
        CHECK(slots.get(kSelect) == 7);
        CHECK(slots.get(kDown) == 0);
        slots.put(kEject, 0xffffffff);
        CHECK(slots.observer.told.empty());
        slots.put(kSelect, 0);
        CHECK(slots.get(kDown) == 1);
    }

    TEST_CASE("accesses of other widths do nothing; a reset forgets") {
        AcpiSlots slots;
        slots.first->secondary().request_eject(0);

        CHECK(slots.block.read(IoAccess{kDown, 1}) == 0);
        CHECK(slots.block.read(IoAccess{kDown + 2, 4}) == 0);
        slots.block.write(IoAccess{kEject, 1}, 1);
        CHECK(slots.observer.told.empty());
        slots.block.reset();
        CHECK(slots.get(kDown) == 0);
    }

    TEST_CASE("a bus whose bridge is gone is told nothing and ejects nothing") {
        AcpiSlots slots;
        slots.first.reset();

        slots.put(kEject, 1);
        CHECK(slots.observer.told.empty());
    }
}
