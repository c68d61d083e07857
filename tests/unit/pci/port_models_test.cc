// SPDX-License-Identifier: Apache-2.0
// Proves pci/port_models, and with it the registers of every kind of bridge: values at power-on and
// which bits a guest may write. The figures were read off QEMU 7.2; what differs has a comment.
#include "pci/express_port.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pci/conventional_bridge.h"
#include "pci/expander.h"
#include "tests/harness/config_bytes.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

const ConfigBytes kEndpointHeader =
    joined({bytes(0x04, {0x07, 0x05}), {{0x0c, 0xff}}, {{0x3c, 0xff}}});
// Bus numbers and secondary latency (which is 0 here), windows, bridge control.
const ConfigBytes kBridgeHeader =
    joined({kEndpointHeader, bytes(0x18, {0xff, 0xff, 0xff}), bytes(0x1c, {0xf0, 0xf0}),
            bytes(0x20, {0xf0, 0xff, 0xf0, 0xff, 0xf0, 0xff, 0xf0, 0xff}),
            bytes(0x28, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})});
const ConfigBytes kExpressBridge = joined({kBridgeHeader, {{0x3e, 0x5f}}});
const ConfigBytes kConventionalBridge = joined({kBridgeHeader, bytes(0x3e, {0xff, 0x0b})});
// Masks (read-only in QEMU 7.2), severities, correctable masks, ECRC and multiple headers.
const ConfigBytes kAer =
    joined({bytes(0x108, {0x30, 0xf0, 0xff, 0x03}), bytes(0x10c, {0x30, 0xf0, 0xff, 0x03}),
            bytes(0x114, {0xc1, 0xf1}), bytes(0x118, {0x40, 0x05})});

struct Row {
    const DeviceType* type;
    ConfigBytes values;    // of chosen bytes
    ConfigBytes writable;  // of all bytes
};

const std::vector<Row> kRows{
    {&kRootPortType,
     joined({bytes(0x00, {0x36, 0x1b, 0x0c, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x04, 0x06}),
             bytes(0x1c, {0xf0, 0x00, 0x00, 0x00, 0xf0, 0xff, 0x00, 0x00, 0xf1, 0xff, 0x01, 0x00}),
             bytes(0x34, {0x54}),
             {{0x3d, 0x01}},
             bytes(0x40, {0x0d, 0x00, 0x00, 0x00, 0x36, 0x1b, 0x00, 0x00, 0x11, 0x40, 0x00, 0x00}),
             bytes(0x50, {0x00, 0x08, 0x00, 0x00, 0x10, 0x48, 0x42, 0x01, 0x00, 0x80, 0x00, 0x00}),
             bytes(0x60, {0x04, 0x06, 0x30, 0x03, 0x00, 0x00, 0x04, 0x02, 0x1b, 0x00, 0x2a, 0x00,
                          0xc0, 0x07}),
             bytes(0x78, {0x20, 0x00, 0x30, 0x00}),
             bytes(0x80, {0x1e, 0x00, 0x00, 0x00, 0x04}),
             bytes(0x100, {0x01, 0x00, 0x82, 0x14}),
             bytes(0x10c, {0x30, 0x20, 0x46, 0x00}),
             bytes(0x114, {0x00, 0xe0, 0x00, 0x00, 0xa0, 0x02}),
             bytes(0x148, {0x0d, 0x00, 0x01, 0x00, 0x5f, 0x00})}),
     // 0x64: Link Disable, which QEMU has not.
     joined({kExpressBridge,
             bytes(0x11, {0xf0, 0xff, 0xff}),
             {{0x4b, 0xc0}},
             {{0x5c, 0x0f}},
             {{0x64, 0x10}},
             bytes(0x6c, {0xf9, 0x07}),
             {{0x70, 0x07}},
             bytes(0x7c, {0x20, 0x80}),
             kAer,
             {{0x12c, 0x07}},
             {{0x14e, 0x5f}}})},
    {&kIoh3420Type,
     joined({bytes(0x00, {0x86, 0x80, 0x20, 0x34, 0x00, 0x00, 0x10, 0x00, 0x02, 0x00, 0x04, 0x06}),
             bytes(0x34, {0x90}),
             {{0x3d, 0x01}},
             bytes(0x40, {0x0d, 0x00, 0x00, 0x00, 0x86, 0x80}),
             bytes(0x60, {0x05, 0x40, 0x02, 0x01}),
             // 0x9e: link active reporting, which QEMU has not.
             bytes(0x90, {0x10, 0x60, 0x42, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                          0x11, 0x04, 0x30, 0x03, 0x00, 0x00, 0x11, 0x00, 0x1b, 0x00, 0x2a, 0x00}),
             bytes(0x100, {0x01, 0x00, 0x02, 0x00})}),
     joined({kExpressBridge,
             {{0x62, 0x11}},
             bytes(0x64, {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff}),
             {{0x6c, 0x03}},
             {{0x98, 0x0f}},
             {{0xa0, 0x10}},
             bytes(0xa8, {0xf9, 0x07}),
             {{0xac, 0x07}},
             bytes(0xb8, {0x20, 0x80}),
             kAer,
             {{0x12c, 0x07}}})},
    {&kUpstreamPortType,
     joined({bytes(0x00, {0x4c, 0x10, 0x32, 0x82, 0x00, 0x00, 0x10, 0x00, 0x02, 0x00, 0x04, 0x06}),
             bytes(0x34, {0x90}),
             {{0x3d, 0x00}},
             bytes(0x70, {0x05, 0x00, 0x80, 0x00}),
             bytes(0x80, {0x0d, 0x70}),
             // 0x97: no function level reset, which ports do not have (§6.6.2); QEMU has it.
             bytes(0x90, {0x10, 0x80, 0x52, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                          0x11, 0x04, 0x00, 0x03, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00}),
             bytes(0x100, {0x01, 0x00, 0x02, 0x00})}),
     joined({kExpressBridge,
             {{0x72, 0x01}},
             bytes(0x74, {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
             {{0x98, 0x0f}},
             {{0xb9, 0x80}},
             kAer})},
    {&kDownstreamPortType,
     joined(
         {bytes(0x00, {0x4c, 0x10, 0x33, 0x82, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x04, 0x06}),
          // 0x9c: a link of one lane at 2.5 GT/s; QEMU tells none.
          bytes(0x90, {0x10, 0x80, 0x62, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                       0x11, 0x04, 0x30, 0x03, 0x00, 0x00, 0x11, 0x00, 0x1b, 0x00, 0x2a, 0x00})}),
     joined({kExpressBridge,
             {{0x72, 0x01}},
             bytes(0x74, {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
             {{0x98, 0x0f}},
             {{0xa0, 0x10}},
             bytes(0xa8, {0xf9, 0x07}),
             bytes(0xb8, {0x20, 0x80}),
             kAer})},
};

// A root port, and where the type needs one a switch above it, so that it can be at 05:02.0.
struct Chain {
    explicit Chain(const DeviceType& type) {
        root = make_port(machine, kRootPortType, machine.host.root(), DevFn::of(1, 0), "rp");
        driver.open_bridge({0, DevFn::of(1, 0)}, 4, 6, 0xfff00000, 0);
        PciBus* bus = &machine.host.root();
        bdf = {0, DevFn::of(2, 0)};
        if (type.name == kUpstreamPortType.name) {
            bus = &root->secondary();
            bdf = {4, DevFn::of(0, 0)};
        } else if (type.name == kDownstreamPortType.name) {
            upstream =
                make_port(machine, kUpstreamPortType, root->secondary(), DevFn::of(0, 0), "up");
            driver.open_bridge({4, DevFn::of(0, 0)}, 5, 6, 0xfff00000, 0);
            bus = &upstream->secondary();
            bdf = {5, DevFn::of(2, 0)};
        }
        PortConfig config;
        config.port = 3;
        config.slot = 5;
        config.chassis = 9;
        config.hotplug = false;  // with it: express_port_hotplug_test.cc
        port = make_port(machine, type, *bus, bdf.devfn, "port", config);
    }

    PciMachine machine;
    std::unique_ptr<ExpressPort> root;
    std::unique_ptr<ExpressPort> upstream;
    std::unique_ptr<ExpressPort> port;
    Bdf bdf;
    DriverPci driver{machine};
};

}  // namespace

TEST_SUITE("pci/port_models") {
    TEST_CASE("every port has the registers that drivers know") {
        for (const Row& row : kRows) {
            CAPTURE(row.type->name);
            Chain chain(*row.type);
            const ConfigBytes found = values_of(chain.driver, chain.bdf, 0x200);
            for (const auto& wanted : row.values) {
                CAPTURE(wanted.first);
                CHECK(unsigned{found.at(wanted.first)} == unsigned{wanted.second});
            }
        }
    }

    TEST_CASE("every byte of every port has its mask (P06)") {
        for (const Row& row : kRows) {
            CAPTURE(row.type->name);
            Chain chain(*row.type);
            CHECK(text_of(writable_bytes(chain.driver, chain.bdf, 0x1000)) ==
                  text_of(row.writable));
        }
    }

    TEST_CASE("every byte of the conventional bridges and the expander has its mask (P06)") {
        PciMachine machine;
        DriverPci driver(machine);
        auto bridge_config = std::make_shared<PciBridgeConfig>();
        bridge_config->chassis_nr = 7;
        const auto bridge = ConventionalBridge::create_pci_bridge(
            machine.place(machine.host.root(), DevFn::of(1, 0)), bridge_config);
        const auto express = ConventionalBridge::create_pcie_pci_bridge(
            machine.place(machine.host.root(), DevFn::of(2, 0)),
            std::make_shared<PciePciBridgeConfig>(), machine.msi);
        auto expander_config = std::make_shared<ExpanderConfig>();
        expander_config->bus_nr = 0x80;
        const auto expander =
            Expander::create(machine.place(machine.host.root(), DevFn::of(3, 0)), expander_config);
        REQUIRE(bridge.has_value());
        REQUIRE(express.has_value());
        REQUIRE(expander.has_value());
        ConfigBytes aer = kAer;
        aer[0x119] = 0x01;

        CHECK(text_of(writable_bytes(driver, {0, DevFn::of(1, 0)}, 0x100)) ==
              text_of(joined({kConventionalBridge, {{0x43, 0xff}}})));
        CHECK(text_of(writable_bytes(driver, {0, DevFn::of(3, 0)}, 0x100)) ==
              text_of(kEndpointHeader));
        // 0x88: the power state, which is fixed in QEMU. No BAR 0 and no 0x42: the hot-plug
        // controller is not there.
        CHECK(text_of(writable_bytes(driver, {0, DevFn::of(2, 0)}, 0x1000)) ==
              text_of(
                  joined({kConventionalBridge,
                          {{0x50, 0x0f}},
                          bytes(0x70, {0x00, 0x80}),
                          {{0x88, 0x03}},
                          {{0x8e, 0x01}},
                          bytes(0x90, {0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
                          {{0x9c, 0x01}},
                          aer})));
    }

    TEST_CASE("capability lists end, stay inside, and have no SR-IOV (P12, P16)") {
        for (const Row& row : kRows) {
            CAPTURE(row.type->name);
            Chain chain(*row.type);
            unsigned steps = 0;
            for (std::uint64_t at = chain.driver.read(chain.bdf, kCapabilityPointer, 1);
                 at != 0 && steps < 48; at = chain.driver.read(chain.bdf, unsigned(at) + 1, 1)) {
                CHECK(at >= 0x40);
                CHECK(at % 4 == 0);
                ++steps;
            }
            CHECK(steps >= 2);
            CHECK(steps < 8);
            steps = 0;
            for (std::uint64_t at = 0x100; at != 0 && steps < 48;
                 at = chain.driver.read(chain.bdf, unsigned(at), 4) >> 20) {
                CHECK(at >= 0x100);
                CHECK(chain.driver.read(chain.bdf, unsigned(at), 2) != 0x0010);
                ++steps;
            }
            CHECK(steps >= 1);
            CHECK(steps < 4);
        }
    }
}
