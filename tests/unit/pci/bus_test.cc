// SPDX-License-Identifier: Apache-2.0
// Proves pci/bus.
#include "pci/bus.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "pci/express_port.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;

namespace {

PciProperties at(const char* addr, bool multifunction = false) {
    PciProperties properties;
    properties.addr = parse_devfn(addr);
    properties.multifunction = multifunction;
    return properties;
}

std::string refusal(PciBus& bus, const PciProperties& properties) {
    const auto place = bus.place(properties, "T", "t0");
    return place ? "" : place.error().message;
}

}  // namespace

TEST_SUITE("pci/bus") {
    TEST_CASE("a taken place is refused in QEMU's words") {
        PciMachine machine;
        PciFunction lpc(PciPlace{&machine.host.root(), DevFn::of(31, 0), true, "ICH9-LPC", ""},
                        ProbeFunction::default_identity());
        lpc.plug();

        CHECK(refusal(machine.host.root(), at("1f")) ==
              "PCI: slot 31 function 0 not available for T, in use by ICH9-LPC,id=");
        CHECK(refusal(machine.host.root(), at("1f.1")).empty());
    }

    TEST_CASE("an acpi-index names one device of the machine, and has an upper end") {
        PciMachine machine;
        const auto port =
            make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");
        PciProperties properties;
        properties.acpi_index = 16383;
        const auto place = port->secondary().place(properties, "T", "");
        REQUIRE(place.has_value());
        ProbeFunction probe(*place, 1);
        CHECK(refusal(machine.host.root(), properties).empty());
        probe.plug();

        CHECK(refusal(machine.host.root(), properties) ==
              "a PCI device with acpi-index = 16383 already exist");
        properties.acpi_index = 16384;
        CHECK(refusal(machine.host.root(), properties) ==
              "acpi-index should be less or equal to 16383");
    }

    TEST_CASE("no device gets the name of a bus as its id") {
        PciMachine machine;
        const auto port =
            make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");

        const auto place = machine.host.root().place(PciProperties(), "T", "rp1");

        REQUIRE_FALSE(place.has_value());
        CHECK(place.error().message == "the id 'rp1' is the name of a bus");
    }

    TEST_CASE("single-function devices keep their slot to themselves") {
        PciMachine machine;
        ProbeFunction alone(machine.place(machine.host.root(), DevFn::of(5, 0)), 1);
        ProbeFunction second(machine.place(machine.host.root(), DevFn::of(26, 1)), 2);
        alone.plug();
        second.plug();

        CHECK(refusal(machine.host.root(), at("5.1")) ==
              "PCI: single function device can't be populated in function 5.1");
        CHECK(refusal(machine.host.root(), at("1a.0")) ==
              "PCI: 1a.0 indicates single function, but 1a.1 is already populated.");
        CHECK(refusal(machine.host.root(), at("1a.0", true)).empty());
    }

    TEST_CASE("the first empty slot is chosen until none is left") {
        PciMachine machine;
        std::vector<std::unique_ptr<ProbeFunction>> probes;
        for (unsigned device = 0; device < 32; ++device) {
            const auto place = machine.host.root().place(PciProperties{}, "T", "");
            REQUIRE(place.has_value());
            CHECK(place->devfn == DevFn::of(device, 0));
            probes.push_back(std::make_unique<ProbeFunction>(*place, std::uint8_t{1}));
            probes.back()->plug();
        }

        CHECK(
            refusal(machine.host.root(), PciProperties{}) ==
            "PCI: no slot/function available for T, all in use or reserved: bus 'pcie.0' is full; "
            "no bus of the machine has room for it");
    }

    TEST_CASE("below a port there is slot 0 only (P09)") {
        PciMachine machine;
        auto port =
            try_make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");
        REQUIRE(port.has_value());
        PciBus& bus = (*port)->secondary();

        CHECK(refusal(bus, at("1")) ==
              "PCI: slot 1 is not valid for T, parent device only allows plugging into slot 0.");
        CHECK(refusal(bus, at("0.7")).empty());
        ProbeFunction probe(machine.place(bus, DevFn::of(0, 0)), 1);
        probe.plug();
        CHECK(refusal(bus, PciProperties{}) ==
              "PCI: no slot/function available for T, all in use or reserved: bus 'rp1' is full; "
              "free: 'pcie.0'");
    }

    TEST_CASE(
        "below a port, ARI functions above 7 go beside a function 0 that has ARI (P09, §6.13)") {
        PciMachine machine;
        const auto port =
            make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");
        PciBus& bus = port->secondary();
        const auto place = [&bus](const char* address) {
            return bus.place(at(address), "T", "", PlaceRule::kAriEndpoint);
        };
        CHECK_FALSE(place("1").has_value());
        PciIdentity identity = ProbeFunction::default_identity();
        identity.extended_config = true;
        identity.interrupt_pin = 1;
        std::vector<std::unique_ptr<ProbeFunction>> probes;
        for (const unsigned number : {0U, 8U, 255U}) {
            probes.push_back(std::make_unique<ProbeFunction>(
                machine.place(bus, DevFn::of(number / 8, number % 8), number == 0), 1, identity));
            probes.back()->add_express(ExpressRole::Endpoint);
            probes.back()->add_ari();
            probes.back()->plug();
        }
        DriverPci driver(machine);
        driver.write({0, DevFn::of(1, 0)}, pci_spec::kSecondaryBus, 2, 0x0101);
        const auto ari_at = [&driver](unsigned number) {
            return driver.read({1, DevFn::of(number / 8, number % 8)}, 0x104, 4);
        };

        CHECK(place("1.1").has_value());
        CHECK(refusal(bus, at("1.1")) ==
              "PCI: slot 1 is not valid for T, parent device only allows plugging into slot 0.");
        CHECK(ari_at(0) == 0x0800);
        CHECK(ari_at(8) == 0xffffffff);
        driver.write({0, DevFn::of(1, 0)}, *port->express_offset() + 0x28, 2, 0x20);
        CHECK(ari_at(8) == 0xff00);
        CHECK(ari_at(255) == 0);
        probes.erase(probes.begin() + 1);
        CHECK(ari_at(0) == 0xff00);
        // All are device 0's: the pin of function 255 is not swizzled by 31.
        CHECK(probes.back()->intx_input() == probes.front()->intx_input());
        CHECK(bus.slot_of(DevFn::of(31, 7)) == 0);
    }

    TEST_CASE("pcie.0 is an express root; a port's bus is express and no root") {
        PciMachine machine;
        auto port =
            try_make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp1");
        REQUIRE(port.has_value());
        const PciBus& bus = (*port)->secondary();

        CHECK(machine.host.root().is_root());
        CHECK(machine.host.root().is_express());
        CHECK(machine.host.root().number() == 0);
        CHECK_FALSE(bus.is_root());
        CHECK(bus.is_express());
        CHECK(bus.name() == "rp1");
        DriverPci(machine).write({0, DevFn::of(1, 0)}, pci_spec::kSecondaryBus, 1, 9);
        CHECK(bus.number() == 9);
        CHECK(machine.host.find_bus("rp1") == &bus);
        CHECK(machine.host.find_bus("rp2") == nullptr);
    }

    TEST_CASE("pins are swizzled once a bridge on the way to the root") {
        PciMachine machine;
        const PciIdentity bridge{.class_code = 0x060400, .header = HeaderType::Bridge};
        PciBridge outer(machine.place(machine.host.root(), DevFn::of(1, 0)), bridge, "b1",
                        PciBusType::Conventional);
        PciBridge inner(machine.place(outer.secondary(), DevFn::of(3, 0)), bridge, "b2",
                        PciBusType::Conventional);

        // Pin A of slot 5: B at the inner bridge, (1 + 3) % 4 = A at the outer one.
        CHECK(inner.secondary().root_input(DevFn::of(5, 0), 0) == IntxInput{1, 0});
        for (unsigned device = 0; device < 32; ++device) {
            for (unsigned pin = 0; pin < 4; ++pin) {
                const auto expected = static_cast<std::uint8_t>((pin + device + 3) % 4);
                CHECK(inner.secondary().root_input(DevFn::of(device, 0), pin) ==
                      IntxInput{1, expected});
            }
        }
    }
}
