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

    TEST_CASE("payloads and read requests stay at 128 bytes on every type (PCIe 5.0 §7.5.3.3..4)") {
        for (const ExpressType type :
             {ExpressType::Endpoint, ExpressType::RootPort, ExpressType::UpstreamPort,
              ExpressType::DownstreamPort, ExpressType::ExpressToPciBridge}) {
            CAPTURE(static_cast<unsigned>(type));
            ConfigSpace config(HeaderType::Endpoint, kExpressSize);
            const auto at = add_express_capability(config, type, {});

            config.write(at + kExpressDeviceControl, 2, 0x70ef);

            // Max_Payload_Size Supported, Max_Payload_Size, Max_Read_Request_Size.
            CHECK((config.get32(at + kExpressDeviceCapabilities) & 0x7) == 0);
            CHECK((config.get16(at + kExpressDeviceControl) & 0x00e0) == 0);
            CHECK((config.get16(at + kExpressDeviceControl) & 0x7000) == 0);
            CHECK((config.get16(at + kExpressDeviceControl) & 0x000f) == 0x000f);
        }
    }

    TEST_CASE("ports and bridges keep their type only where such a thing can be") {
        CHECK(express_type_at(ExpressRole::UpstreamPort, true, false) == ExpressType::UpstreamPort);
        CHECK_FALSE(express_type_at(ExpressRole::UpstreamPort, true, true).has_value());
        CHECK(express_type_at(ExpressRole::DownstreamPort, true, false) ==
              ExpressType::DownstreamPort);
        CHECK_FALSE(express_type_at(ExpressRole::DownstreamPort, true, true).has_value());
        CHECK(express_type_at(ExpressRole::ExpressToPciBridge, true, true) ==
              ExpressType::ExpressToPciBridge);
        CHECK_FALSE(express_type_at(ExpressRole::ExpressToPciBridge, false, false).has_value());
        CHECK(express_type_at(ExpressRole::LegacyEndpoint, true, false) ==
              ExpressType::LegacyEndpoint);
        CHECK(express_type_at(ExpressRole::LegacyEndpoint, true, true) ==
              ExpressType::IntegratedEndpoint);
    }

    TEST_CASE("a port tells its slot, its port number, and which device its link runs to") {
        ConfigSpace config(HeaderType::Bridge, kExpressSize);
        ExpressOptions options;
        options.port_number = 7;
        options.slot = ExpressSlot{0x1fff, false, true};
        options.link = ExpressLink{4, 32, true};

        const auto at = add_express_capability(config, ExpressType::RootPort, options);

        CHECK(config.get16(at + kExpressFlags) == 0x0142);
        CHECK(config.get32(at + kExpressLinkCapabilities) == 0x07300604);
        CHECK(config.get32(at + kExpressLinkCapabilities2) == 0x1e);
        CHECK(config.get32(at + kExpressSlotCapabilities) == (0x1fffU << 19 | 0x2001b));
        set_express_partner(config, at, {true, true, ExpressLink{1, 1}});
        CHECK(config.get16(at + kExpressSlotStatus) == kExpressPresenceDetected);
        CHECK(config.get16(at + kExpressLinkStatus) == 0x2011);
        set_express_partner(config, at, {});
        CHECK(config.get16(at + kExpressSlotStatus) == 0);
        CHECK(config.get16(at + kExpressLinkStatus) == 0x0204);
    }

    TEST_CASE("a slot for hot-plug says so, and one without a power controller has no power bit") {
        ConfigSpace config(HeaderType::Bridge, kExpressSize);
        ExpressOptions options;
        options.slot = ExpressSlot{0, true, false};

        const auto at = add_express_capability(config, ExpressType::DownstreamPort, options);

        CHECK(config.get32(at + kExpressSlotCapabilities) == 0x20079);
        CHECK(config.registers().writable(at + kExpressSlotControl, 2) == 0x13f9);
        reset_express_slot(config, at, false);
        CHECK(config.get16(at + kExpressSlotControl) == 0x00c0);
    }
}
