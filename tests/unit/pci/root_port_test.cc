// SPDX-License-Identifier: Apache-2.0
// Proves pci/root_port.
#include "pci/root_port.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

Result<std::unique_ptr<RootPort>> make_port(PciMachine& machine, PciBus& bus, unsigned device,
                                            std::string id, RootPortConfig config = {}) {
    return RootPort::create(machine.place(bus, DevFn::of(device, 0), false, std::move(id)),
                            std::make_shared<RootPortConfig>(config));
}

}  // namespace

TEST_SUITE("pci/root_port") {
    TEST_CASE("its identity and its type nibble are those that drivers know") {
        PciMachine machine;
        RootPortConfig config;
        config.port = 3;
        config.chassis = 1;
        config.slot = 9;
        const auto port = make_port(machine, machine.host.root(), 2, "rp1", config);
        REQUIRE(port.has_value());
        DriverPci driver(machine);
        constexpr Bdf kPort{0, DevFn::of(2, 0)};

        CHECK(driver.read(kPort, 0, 4) == 0x000c1b36);
        CHECK(driver.read(kPort, 8, 4) == 0x06040000);
        CHECK(driver.read(kPort, kHeaderType, 1) == 0x01);
        CHECK(driver.find_capability(kPort, kCapabilityExpress) == 0x54);
        CHECK(driver.read(kPort, 0x54 + kExpressFlags, 2) == 0x0142);
        CHECK(driver.read(kPort, 0x54 + kExpressSlotCapabilities, 4) == (9U << 19));
        CHECK(driver.read(kPort, kInterruptPin, 1) == 1);
        CHECK((*port)->id() == "rp1");
    }

    TEST_CASE("presence follows the device, and stays over a reset of the port") {
        PciMachine machine;
        const auto port = make_port(machine, machine.host.root(), 2, "rp1");
        REQUIRE(port.has_value());
        DriverPci driver(machine);
        constexpr Bdf kPort{0, DevFn::of(2, 0)};
        CHECK(driver.read(kPort, 0x54 + kExpressSlotStatus, 2) == 0);
        ProbeFunction probe(machine.place((*port)->secondary(), DevFn::of(0, 0)), 1);

        probe.plug();
        CHECK(driver.read(kPort, 0x54 + kExpressSlotStatus, 2) == kExpressPresenceDetected);
        bool done = false;
        (*port)->reset([&] { done = true; });
        CHECK(done);
        CHECK(driver.read(kPort, 0x54 + kExpressSlotStatus, 2) == kExpressPresenceDetected);
        probe.unplug();
        CHECK(driver.read(kPort, 0x54 + kExpressSlotStatus, 2) == 0);
    }

    TEST_CASE("a root port behind a root port is refused") {
        PciMachine machine;
        const auto port = make_port(machine, machine.host.root(), 2, "rp1");
        REQUIRE(port.has_value());

        const auto nested = make_port(machine, (*port)->secondary(), 0, "rp2");

        REQUIRE_FALSE(nested.has_value());
        CHECK(nested.error().message ==
              "pcie-root-port goes on a PCI Express root bus, 'rp1' is none");
    }

    TEST_CASE("one chassis and slot is one port's; the default belongs to nobody") {
        PciMachine machine;
        RootPortConfig config;
        config.chassis = 1;
        const auto first = make_port(machine, machine.host.root(), 1, "rp1", config);
        const auto plain1 = make_port(machine, machine.host.root(), 2, "");
        const auto plain2 = make_port(machine, machine.host.root(), 3, "");
        REQUIRE(first.has_value());
        REQUIRE(plain1.has_value());
        REQUIRE(plain2.has_value());

        const auto second = make_port(machine, machine.host.root(), 4, "rp2", config);

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message ==
              "Can't add chassis slot, chassis 1 slot 0 is in use by probe,id=rp1");
        CHECK((*plain1)->secondary().name() == "pcie.1");
        CHECK((*plain2)->secondary().name() == "pcie.2");
    }

    TEST_CASE("its properties are filled from a command line's arguments") {
        const auto config = configure(kRootPortType, {{"driver", "pcie-root-port"},
                                                      {"id", "rp1"},
                                                      {"port", "0x10"},
                                                      {"chassis", "1"},
                                                      {"slot", "4"},
                                                      {"addr", "1.0"},
                                                      {"multifunction", true},
                                                      {"bus", "pcie.0"}});

        REQUIRE(config.has_value());
        const auto& port = *static_cast<const RootPortConfig*>(config->get());
        CHECK(port.port == 16);
        CHECK(port.chassis == 1);
        CHECK(port.slot == 4);
        CHECK(port.pci.addr == DevFn::of(1, 0));
        CHECK_FALSE(configure(kRootPortType, {{"slot", 8192}}).has_value());
    }
}
