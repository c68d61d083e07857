// SPDX-License-Identifier: Apache-2.0
// Proves pci/express_capability.
#include "pci/express_capability.h"

#include <doctest/doctest.h>

using namespace siskin;
using namespace siskin::pci_spec;

TEST_SUITE("pci/express_capability") {
    TEST_CASE("the type nibble follows the place (PCIe 5.0 §7.5.3.2)") {
        CHECK(express_type_at(ExpressRole::Endpoint, true, true) ==
              ExpressType::IntegratedEndpoint);
        CHECK(express_type_at(ExpressRole::Endpoint, true, false) == ExpressType::Endpoint);
        CHECK(express_type_at(ExpressRole::RootPort, true, true) == ExpressType::RootPort);
        CHECK_FALSE(express_type_at(ExpressRole::RootPort, true, false).has_value());
        CHECK_FALSE(express_type_at(ExpressRole::Endpoint, false, true).has_value());
        CHECK_FALSE(express_type_at(ExpressRole::Endpoint, false, false).has_value());
    }

    TEST_CASE("an integrated endpoint has version 2, type 9 and no link registers") {
        ConfigSpace config(HeaderType::Endpoint, kExpressSize);

        const auto at = add_express_capability(config, ExpressType::IntegratedEndpoint, {});

        CHECK(config.get16(at + kExpressFlags) == 0x0092);
        CHECK(config.get32(at + kExpressLinkCapabilities) == 0);
        CHECK(config.get16(at + kExpressLinkStatus) == 0);
    }

    TEST_CASE("an endpoint has a link of one lane at 2.5 GT/s and, when asked for, resets") {
        ConfigSpace config(HeaderType::Endpoint, kExpressSize);
        ExpressOptions options;
        options.function_level_reset = true;

        const auto at = add_express_capability(config, ExpressType::Endpoint, options);

        CHECK(config.get16(at + kExpressFlags) == 0x0002);
        CHECK((config.get32(at + kExpressLinkCapabilities) & 0x3ff) == 0x11);
        CHECK((config.get16(at + kExpressLinkStatus) & 0x3ff) == 0x11);
        CHECK((config.get32(at + kExpressDeviceCapabilities) & kExpressFlrCapable) != 0);
    }

    TEST_CASE("a root port tells its slot, its port number and whether a device is there") {
        ConfigSpace config(HeaderType::Bridge, kExpressSize);
        ExpressOptions options;
        options.port_number = 7;
        options.slot_number = 0x1fff;

        const auto at = add_express_capability(config, ExpressType::RootPort, options);

        CHECK(config.get16(at + kExpressFlags) == 0x0142);
        CHECK((config.get32(at + kExpressLinkCapabilities) >> 24) == 7);
        CHECK(config.get32(at + kExpressSlotCapabilities) == (0x1fffU << 19));
        set_express_presence(config, at, true);
        CHECK(config.get16(at + kExpressSlotStatus) == kExpressPresenceDetected);
        CHECK((config.get16(at + kExpressLinkStatus) & kExpressLinkActive) != 0);
        set_express_presence(config, at, false);
        CHECK(config.get16(at + kExpressSlotStatus) == 0);
    }
}
