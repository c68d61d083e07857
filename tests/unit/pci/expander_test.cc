// SPDX-License-Identifier: Apache-2.0
// Proves pci/expander.
#include "pci/expander.h"

#include <doctest/doctest.h>

#include <memory>

#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

Result<std::unique_ptr<Expander>> make_expander(PciMachine& machine, unsigned device,
                                                std::uint8_t number, std::string id = {}) {
    auto config = std::make_shared<ExpanderConfig>();
    config->bus_nr = number;
    return Expander::create(
        machine.place(machine.host.root(), DevFn::of(device, 0), false, std::move(id)), config);
}

}  // namespace

TEST_SUITE("pci/expander") {
    TEST_CASE("its root bus answers at its number, ports and what is behind them too") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto expander = make_expander(machine, 5, 0x80, "px");
        REQUIRE(expander.has_value());
        const auto port =
            make_port(machine, kRootPortType, (*expander)->root(), DevFn::of(0, 0), "rp");
        ProbeFunction probe(machine.place(port->secondary(), DevFn::of(0, 0)), 7);
        probe.add_probe_bar(0, BarKind::Memory32, 0x1000);
        probe.plug();

        driver.open_bridge({0x80, DevFn::of(0, 0)}, 0x81, 0x81, 0xe0000000, 0xe00fffff);
        driver.assign_bar({0x81, DevFn::of(0, 0)}, 0, 0xe0000000);
        driver.set_command({0x81, DevFn::of(0, 0)}, kCommandMemory);

        CHECK(driver.read({0, DevFn::of(5, 0)}, 0, 4) == 0x000b1b36);
        CHECK(driver.read({0, DevFn::of(5, 0)}, 8, 4) == 0x06000000);
        CHECK(driver.read({0x80, DevFn::of(0, 0)}, 0x54 + kExpressFlags, 2) == 0x0142);
        CHECK(driver.memory_read(0xe0000000, 1) == 7);
        CHECK((*expander)->root().is_root());
        CHECK((*expander)->root().is_expander());
        CHECK(machine.host.find_bus("px") == &(*expander)->root());
    }

    TEST_CASE("a bridge of the first root cannot take its numbers (P08)") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto expander = make_expander(machine, 5, 0x80);
        REQUIRE(expander.has_value());
        const auto port =
            make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp");
        ProbeFunction probe(machine.place(port->secondary(), DevFn::of(0, 0)), 7);
        probe.plug();

        driver.open_bridge({0, DevFn::of(1, 0)}, 0x80, 0xff, 0xe0000000, 0xe00fffff);
        CHECK_FALSE(driver.is_present({0x80, DevFn::of(0, 0)}));
        driver.open_bridge({0, DevFn::of(1, 0)}, 0x7f, 0xff, 0xe0000000, 0xe00fffff);

        CHECK(driver.is_present({0x7f, DevFn::of(0, 0)}));
        CHECK_FALSE(driver.is_present({0x81, DevFn::of(0, 0)}));
    }

    TEST_CASE("a number that is taken is refused, and free again when the expander is gone") {
        PciMachine machine;
        auto first = make_expander(machine, 5, 0x80);
        REQUIRE(first.has_value());

        const auto second = make_expander(machine, 6, 0x80);
        const auto zero = make_expander(machine, 6, 0);
        first->reset();
        const auto third = make_expander(machine, 6, 0x80);

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message ==
              "Bus 128 is already in use by root bus 'pcie.1': bus_nr takes another number from 1 "
              "to 255");
        CHECK_FALSE(zero.has_value());
        CHECK(third.has_value());
        CHECK(machine.host.topology().roots().size() == 2);
    }

    TEST_CASE("a pin on its bus is that of the same device on the first root bus") {
        PciMachine machine;
        FakeIrqLine line;
        machine.host.intx().connect(IntxInput{3, 0}, &line);
        const auto expander = make_expander(machine, 5, 0x80);
        REQUIRE(expander.has_value());
        ProbeFunction probe(machine.place((*expander)->root(), DevFn::of(3, 0)), 1);
        probe.plug();

        probe.set_intx(true);
        CHECK(line.asserted);
        probe.set_intx(false);

        CHECK_FALSE(line.asserted);
    }
}
