// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/isa_devices.
#include "devices/platform/isa_devices.h"

#include <doctest/doctest.h>

#include <memory>

using siskin::check_ports;
using siskin::configure;
using siskin::Gsi;
using siskin::IsaDebugconConfig;
using siskin::IsaDebugExitConfig;
using siskin::IsaSerialConfig;
using siskin::IsaSerialPlaces;
using siskin::kIsaDebugconType;
using siskin::kIsaDebugExitType;
using siskin::kIsaSerialType;

TEST_SUITE("devices/platform/isa_devices") {
    TEST_CASE("the defaults are QEMU's") {
        const auto debugcon = configure(kIsaDebugconType, {});
        const auto debug_exit = configure(kIsaDebugExitType, {});

        REQUIRE(debugcon.has_value());
        CHECK(static_cast<const IsaDebugconConfig*>(debugcon->get())->iobase == 233);
        CHECK(static_cast<const IsaDebugconConfig*>(debugcon->get())->readback == 233);
        REQUIRE(debug_exit.has_value());
        CHECK(static_cast<const IsaDebugExitConfig*>(debug_exit->get())->iobase == 1281);
        CHECK(static_cast<const IsaDebugExitConfig*>(debug_exit->get())->iosize == 2);
    }

    TEST_CASE("properties are read from the command line's strings") {
        const auto config = configure(
            kIsaSerialType,
            {{"driver", "isa-serial"}, {"chardev", "c"}, {"iobase", "0x2f8"}, {"irq", "3"}});

        REQUIRE(config.has_value());
        const auto* const serial = static_cast<const IsaSerialConfig*>(config->get());
        CHECK(serial->chardev == "c");
        CHECK(serial->iobase == 0x2f8u);
        CHECK(serial->irq == 3u);
        CHECK_FALSE(serial->index.has_value());
    }

    TEST_CASE("an interrupt or a port that the ISA bus has not is refused with its range") {
        const auto irq = configure(kIsaSerialType, {{"irq", "16"}});
        const auto port = configure(kIsaDebugconType, {{"iobase", "0x10000"}});
        const auto size = configure(kIsaDebugExitType, {{"iosize", "0"}});

        REQUIRE_FALSE(irq.has_value());
        CHECK(
            irq.error().message ==
            "Property 'isa-serial.irq' doesn't take value '16', allowed is a number from 0 to 15");
        CHECK_FALSE(port.has_value());
        CHECK_FALSE(size.has_value());
    }

    TEST_CASE("serial ports go to COM1 to COM4, a fifth is refused") {
        IsaSerialPlaces places;
        const unsigned ports[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
        const unsigned irqs[] = {4, 3, 4, 3};
        for (std::size_t index = 0; index < 4; ++index) {
            const auto place = places.take({});
            REQUIRE(place.has_value());
            CHECK(place->port == ports[index]);
            CHECK(place->irq == Gsi{irqs[index]});
        }

        const auto fifth = places.take({});

        REQUIRE_FALSE(fifth.has_value());
        CHECK(fifth.error().message == "Max. supported number of ISA serial ports is 4.");
    }

    TEST_CASE("an index chooses the place, is taken once, and may be given back") {
        IsaSerialPlaces places;
        IsaSerialConfig second;
        second.index = 1;
        const auto place = places.take(second);
        REQUIRE(place.has_value());
        CHECK(place->port == 0x2f8);

        CHECK_FALSE(places.take(second).has_value());
        CHECK(places.take({})->index == 0);
        CHECK(places.take({})->index == 2);
        places.give_back(*place);

        CHECK(places.take(second).has_value());
    }

    TEST_CASE("an index of 4, and ports past the last one, are refused and take no place") {
        IsaSerialPlaces places;
        IsaSerialConfig fifth;
        fifth.index = 4;
        IsaSerialConfig high;
        high.iobase = 0xfff9;

        CHECK_FALSE(places.take(fifth).has_value());
        CHECK_FALSE(places.take(high).has_value());
        high.iobase = 0xfff8;
        high.irq = 7;
        const auto place = places.take(high);

        REQUIRE(place.has_value());
        CHECK(place->index == 0);
        CHECK(place->port == 0xfff8);
        CHECK(place->irq == Gsi{7});
    }

    TEST_CASE("port ranges end at 0xffff") {
        CHECK(check_ports(0, 0x10000).has_value());
        CHECK(check_ports(0xffff, 1).has_value());
        CHECK_FALSE(check_ports(0xffff, 2).has_value());
        CHECK_FALSE(check_ports(1, 0x10000).has_value());
        CHECK_FALSE(check_ports(0, 0x10001).has_value());
        CHECK_FALSE(check_ports(0xffffffff, 1).has_value());
    }
}
