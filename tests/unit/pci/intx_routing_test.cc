// SPDX-License-Identifier: Apache-2.0
// Proves pci/intx_routing.
#include "pci/intx_routing.h"

#include <doctest/doctest.h>

#include <cstdint>

#include "tests/harness/driver_pci.h"

using namespace siskin;

TEST_SUITE("pci/intx_routing") {
    TEST_CASE("the swizzle adds the device number, modulo four (bridge 1.2 table 9-1)") {
        for (unsigned device = 0; device < 32; ++device) {
            for (unsigned pin = 0; pin < 4; ++pin) {
                CHECK(swizzled_pin(device, pin) == (device + pin) % 4);
            }
        }
    }

    TEST_CASE("a shared line stays up until its last source drops") {
        IntxRouter router;
        FakeIrqLine line;
        router.connect({3, 0}, &line);
        router.connect({7, 2}, &line);

        router.raise({3, 0});
        router.raise({7, 2});
        router.lower({3, 0});

        CHECK(line.asserted);
        CHECK(line.changes == 1);
        router.lower({7, 2});
        CHECK_FALSE(line.asserted);
        CHECK(line.changes == 2);
    }

    TEST_CASE("a pin that is connected anew takes its level along") {
        IntxRouter router;
        FakeIrqLine before;
        FakeIrqLine after;
        router.connect({1, 1}, &before);
        router.raise({1, 1});

        router.connect({1, 1}, &after);

        CHECK_FALSE(before.asserted);
        CHECK(after.asserted);
        router.connect({1, 1}, nullptr);
        CHECK_FALSE(after.asserted);
        CHECK(router.asserted({1, 1}));
    }

    TEST_CASE("an unconnected pin is counted and harmless") {
        IntxRouter router;

        router.raise({31, 3});
        CHECK(router.asserted({31, 3}));
        router.lower({31, 3});
        CHECK_FALSE(router.asserted({31, 3}));
    }
}
