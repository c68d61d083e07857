// SPDX-License-Identifier: Apache-2.0
// Proves pci/express_port.
#include "pci/express_port.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kPort{0, DevFn::of(2, 0)};
constexpr std::uint16_t kExpress = 0x54;  // of pcie-root-port

// A root port on the root bus, with an express probe behind it that has AER and may be reset.
struct PortAndEndpoint {
    PortAndEndpoint()
        : port(make_port(machine, kRootPortType, machine.host.root(), kPort.devfn, "rp1")),
          probe(machine.place(port->secondary(), DevFn::of(0, 0)), 1) {
        probe.add_express(ExpressRole::Endpoint);
        probe.add_aer(AerOptions{});
        probe.add_probe_bar(0, BarKind::Memory32, 0x1000);
        probe.plug();
        driver.open_bridge(kPort, 1, 1, 0xe0000000, 0xe00fffff);
        driver.assign_bar(kEndpoint, 0, 0xe0000000);
        driver.set_command(kEndpoint, kCommandMemory | kCommandBusMaster);
    }

    static constexpr Bdf kEndpoint{1, DevFn::of(0, 0)};
    PciMachine machine;
    std::unique_ptr<ExpressPort> port;
    ProbeFunction probe;
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/express_port") {
    TEST_CASE("presence and link follow the device, and stay over a reset of the port") {
        PciMachine machine;
        const auto port =
            make_port(machine, kRootPortType, machine.host.root(), kPort.devfn, "rp1");
        DriverPci driver(machine);
        CHECK(driver.read(kPort, kExpress + kExpressSlotStatus, 2) == 0);
        CHECK(driver.read(kPort, kExpress + kExpressSlotControl, 2) == 0x07c0);
        ProbeFunction probe(machine.place(port->secondary(), DevFn::of(0, 0)), 1);

        probe.plug();
        CHECK(driver.read(kPort, kExpress + kExpressSlotStatus, 2) == kExpressPresenceDetected);
        CHECK(driver.read(kPort, kExpress + kExpressLinkStatus, 2) == 0x2011);
        bool done = false;
        port->reset([&] { done = true; });
        CHECK(done);
        CHECK(driver.read(kPort, kExpress + kExpressSlotStatus, 2) == kExpressPresenceDetected);
        CHECK(driver.read(kPort, kExpress + kExpressSlotControl, 2) == 0x01c0);
        probe.unplug();
        CHECK(driver.read(kPort, kExpress + kExpressSlotStatus, 2) == 0);
    }

    TEST_CASE("one chassis and slot is one port's, of any model; the default belongs to nobody") {
        PciMachine machine;
        PortConfig config;
        config.chassis = 1;
        PciBus& root = machine.host.root();
        const auto first = make_port(machine, kRootPortType, root, DevFn::of(1, 0), "rp1", config);
        const auto plain1 = make_port(machine, kRootPortType, root, DevFn::of(2, 0), "");
        const auto plain2 = make_port(machine, kIoh3420Type, root, DevFn::of(3, 0), "");

        const auto second =
            try_make_port(machine, kIoh3420Type, root, DevFn::of(4, 0), "rp2", config);

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message ==
              "Can't add chassis slot, chassis 1 slot 0 is in use by probe,id=rp1");
        CHECK(plain1->secondary().name() == "pcie.1");
        CHECK(plain2->secondary().name() == "pcie.2");
    }

    TEST_CASE("its properties are filled from a command line's arguments") {
        const auto config = configure(kRootPortType, {{"driver", "pcie-root-port"},
                                                      {"id", "rp1"},
                                                      {"port", "0x10"},
                                                      {"chassis", "1"},
                                                      {"slot", "4"},
                                                      {"addr", "1.0"},
                                                      {"multifunction", true},
                                                      {"x-speed", "2_5"},
                                                      {"x-width", "8"},
                                                      {"bus-reserve", "3"},
                                                      {"mem-reserve", "4M"},
                                                      {"bus", "pcie.0"}});

        REQUIRE(config.has_value());
        const auto& port = *static_cast<const PortConfig*>(config->get());
        CHECK(port.port == 16);
        CHECK(port.chassis == 1);
        CHECK(port.slot == 4);
        CHECK(port.pci.addr == DevFn::of(1, 0));
        CHECK(port.speed == LinkSpeed::Gt2_5);
        CHECK(port.width == LinkWidth::X8);
        CHECK(port.reserve.buses == 3U);
        CHECK(port.reserve.memory == ByteCount{4 * kMiB});
        CHECK_FALSE(configure(kRootPortType, {{"slot", 8192}}).has_value());
        CHECK_FALSE(configure(kRootPortType, {{"x-speed", "4"}}).has_value());
        CHECK_FALSE(configure(kRootPortType, {{"x-width", "3"}}).has_value());
        CHECK_FALSE(configure(kIoh3420Type, {{"x-width", "8"}}).has_value());
        CHECK_FALSE(configure(kUpstreamPortType, {{"chassis", 1}}).has_value());
    }

    TEST_CASE("two kinds of prefetchable reserve contradict each other") {
        PciMachine machine;
        PortConfig config;
        config.reserve.prefetchable32 = ByteCount{kMiB};
        config.reserve.prefetchable64 = ByteCount{kMiB};

        const auto port =
            try_make_port(machine, kRootPortType, machine.host.root(), kPort.devfn, "rp1", config);

        REQUIRE_FALSE(port.has_value());
        CHECK(port.error().message ==
              "pcie-root-port: pref32-reserve and pref64-reserve exclude each other: a bridge has "
              "one prefetchable window");
    }

    TEST_CASE("what it reserves is told to firmware in a capability (as QEMU documents it)") {
        PciMachine machine;
        PortConfig config;
        config.reserve.buses = 3;
        config.reserve.memory = ByteCount{4 * kMiB};
        const auto port =
            make_port(machine, kRootPortType, machine.host.root(), kPort.devfn, "rp1", config);
        DriverPci driver(machine);

        REQUIRE(driver.find_capability(kPort, kCapabilityVendor) == 0x90);
        CHECK(driver.read(kPort, 0x92, 2) == 0x0120);
        CHECK(driver.read(kPort, 0x94, 4) == 3);
        CHECK(driver.read(kPort, 0x98, 8) == ~std::uint64_t{0});
        CHECK(driver.read(kPort, 0xa0, 4) == 4 * kMiB);
        CHECK(driver.read(kPort, 0xa4, 4) == 0xffffffff);
    }

    TEST_CASE("Link Disable resets what is behind, cuts it off, and ends when cleared (P13)") {
        PortAndEndpoint one;
        REQUIRE(one.driver.memory_read(0xe0000000, 1) == 1);

        one.driver.write(kPort, kExpress + kExpressLinkControl, 2, kExpressLinkDisable);
        CHECK(one.probe.resets == 1);
        CHECK_FALSE(one.driver.is_present(one.kEndpoint));
        CHECK(one.driver.memory_read(0xe0000000, 1) == 0xff);
        CHECK((one.driver.read(kPort, kExpress + kExpressLinkStatus, 2) & kExpressLinkActive) == 0);
        one.driver.write(kPort, kExpress + kExpressLinkControl, 2, 0);

        CHECK(one.driver.is_present(one.kEndpoint));
        CHECK(one.driver.read(one.kEndpoint, kCommand, 2) == 0);
        CHECK((one.driver.read(kPort, kExpress + kExpressLinkStatus, 2) & kExpressLinkActive) != 0);
    }

    TEST_CASE("Retrain Link reads 0 and leaves the link up (PCIe 5.0 §7.5.3.7)") {
        PortAndEndpoint one;

        one.driver.write(kPort, kExpress + kExpressLinkControl, 2, 0x20);

        CHECK(one.driver.read(kPort, kExpress + kExpressLinkControl, 2) == 0);
        CHECK(one.driver.is_present(one.kEndpoint));
        CHECK(one.probe.resets == 0);
    }

    TEST_CASE("other device numbers pass only while ARI forwarding is on (P09, PCIe 5.0 §6.13)") {
        PortAndEndpoint one;
        constexpr Bdf kEighth{1, DevFn::of(1, 0)};  // function 8 of device 0
        ProbeFunction eighth(one.machine.place(one.port->secondary(), kEighth.devfn), 8);
        eighth.plug();
        CHECK_FALSE(one.driver.is_present(kEighth));

        one.driver.write(kPort, kExpress + kExpressDeviceControl2, 2, kExpressAriForwarding);
        CHECK(one.driver.is_present(kEighth));
        one.driver.write(kPort, kExpress + kExpressDeviceControl2, 2, 0);

        CHECK_FALSE(one.driver.is_present(kEighth));
    }
}
