// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/debug_port.
#include "devices/platform/debug_port.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/platform/platform_bench.h"

using siskin::DebugPort;
using siskin::test::FakeChardev;
using siskin::test::in8;
using siskin::test::out8;

TEST_SUITE("devices/platform/debug_port") {
    TEST_CASE("written bytes reach the chardev, reads give the readback value") {
        FakeChardev chardev;
        DebugPort port(0xe9);
        REQUIRE(port.connect(chardev).has_value());

        out8(port, 0, 'o');
        out8(port, 0, 'k');

        CHECK(chardev.output == "ok");
        CHECK(in8(port, 0) == 0xe9);
    }

    TEST_CASE("host input is thrown away and does not pile up") {
        FakeChardev chardev;
        DebugPort port(0x00);
        REQUIRE(port.connect(chardev).has_value());

        chardev.type("ignored");

        CHECK(chardev.pending().empty());
        CHECK(in8(port, 0) == 0x00);
    }

    TEST_CASE("a port without a chardev takes writes; one that goes frees its chardev") {
        FakeChardev chardev;
        {
            DebugPort port(0xe9);
            out8(port, 0, 'x');
            REQUIRE(port.connect(chardev).has_value());
        }

        CHECK(chardev.output.empty());
        CHECK_FALSE(chardev.in_use());
    }
}
