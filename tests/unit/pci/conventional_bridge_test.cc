// SPDX-License-Identifier: Apache-2.0
// Proves pci/conventional_bridge.
#include "pci/conventional_bridge.h"

#include <doctest/doctest.h>

#include <memory>

#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kBridge{0, DevFn::of(1, 0)};

std::shared_ptr<PciBridgeConfig> with_chassis(std::uint8_t chassis) {
    auto config = std::make_shared<PciBridgeConfig>();
    config->chassis_nr = chassis;
    return config;
}

Result<std::unique_ptr<ConventionalBridge>> make_bridge(PciMachine& machine, PciBus& bus,
                                                        std::shared_ptr<PciBridgeConfig> config) {
    return ConventionalBridge::create_pci_bridge(machine.place(bus, kBridge.devfn, false, "b"),
                                                 std::move(config));
}

}  // namespace

TEST_SUITE("pci/conventional_bridge") {
    TEST_CASE("pci-bridge is a conventional function that tells its chassis") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto bridge = make_bridge(machine, machine.host.root(), with_chassis(7));
        REQUIRE(bridge.has_value());

        CHECK(driver.read(kBridge, 0, 4) == 0x00011b36);
        CHECK(driver.find_capability(kBridge, kCapabilitySlotId) == 0x40);
        CHECK(driver.read(kBridge, 0x40, 4) == 0x07200004);
        CHECK_FALSE(driver.find_capability(kBridge, kCapabilityExpress).has_value());
        CHECK(driver.read(kBridge, 0x100, 4) == 0xffffffff);
        CHECK(driver.read(kBridge, kStatus, 2) == 0x00b0);
        CHECK(driver.read(kBridge, kSecondaryStatus, 2) == 0x00a0);
        CHECK_FALSE((*bridge)->secondary().is_express());
        CHECK((*bridge)->secondary().has_room());
    }

    TEST_CASE("a bridge without a chassis, and one with a hot-plug controller, are refused") {
        PciMachine machine;
        auto with_shpc = with_chassis(1);
        with_shpc->shpc = true;

        const auto nameless = make_bridge(machine, machine.host.root(), with_chassis(0));
        const auto shpc = make_bridge(machine, machine.host.root(), with_shpc);

        REQUIRE_FALSE(nameless.has_value());
        CHECK(nameless.error().message ==
              "Bridge chassis not specified. Each bridge is required to be assigned a unique "
              "chassis id > 0.");
        REQUIRE_FALSE(shpc.has_value());
        CHECK(shpc.error().message ==
              "Property 'pci-bridge.shpc' doesn't take value 'on', allowed is off (there is no "
              "standard hot-plug controller)");
    }

    TEST_CASE("pcie-pci-bridge is type 7 on an express bus, and conventional on another") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto outer = ConventionalBridge::create_pcie_pci_bridge(
            machine.place(machine.host.root(), kBridge.devfn, false, "ppb"),
            std::make_shared<PciePciBridgeConfig>(), machine.msi);
        REQUIRE(outer.has_value());
        driver.open_bridge(kBridge, 1, 2, 0xe0000000, 0xe00fffff);
        const auto inner = ConventionalBridge::create_pcie_pci_bridge(
            machine.place((*outer)->secondary(), DevFn::of(3, 0)),
            std::make_shared<PciePciBridgeConfig>(), machine.msi);
        REQUIRE(inner.has_value());
        constexpr Bdf kInner{1, DevFn::of(3, 0)};

        CHECK(driver.read(kBridge, 0x48 + kExpressFlags, 2) == 0x0072);
        CHECK(driver.read(kBridge, 0x100, 4) == 0x00020001);
        CHECK(driver.find_capability(kInner, kCapabilityMsi) == 0x8c);
        CHECK_FALSE(driver.find_capability(kInner, kCapabilityExpress).has_value());
        CHECK(driver.read(kInner, 0x100, 4) == 0xffffffff);
    }

    TEST_CASE("msi=off leaves the capability out") {
        PciMachine machine;
        DriverPci driver(machine);
        auto config = std::make_shared<PciePciBridgeConfig>();
        config->msi = OnOffAuto::Off;
        const auto bridge = ConventionalBridge::create_pcie_pci_bridge(
            machine.place(machine.host.root(), kBridge.devfn), config, machine.msi);
        REQUIRE(bridge.has_value());

        CHECK_FALSE(driver.find_capability(kBridge, kCapabilityMsi).has_value());
        CHECK(driver.find_capability(kBridge, kCapabilityPowerManagement) == 0x84);
    }

    TEST_CASE("all 32 devices behind it answer, each at its own number (P09)") {
        PciMachine machine;
        DriverPci driver(machine);
        const auto bridge = make_bridge(machine, machine.host.root(), with_chassis(1));
        REQUIRE(bridge.has_value());
        driver.open_bridge(kBridge, 1, 1, 0xe0000000, 0xe00fffff);
        std::vector<std::unique_ptr<ProbeFunction>> probes;

        for (unsigned device = 0; device < 32; ++device) {
            const auto place = (*bridge)->secondary().place(PciProperties{}, "T", "");
            REQUIRE(place.has_value());
            probes.push_back(std::make_unique<ProbeFunction>(*place, std::uint8_t{1}));
            probes.back()->plug();
        }

        for (unsigned device = 0; device < 32; ++device) {
            CHECK(driver.is_present({1, DevFn::of(device, 0)}));
        }
        CHECK_FALSE((*bridge)->secondary().has_room());
    }
}
