// SPDX-License-Identifier: Apache-2.0
// Proves pci/intx_routing.
#include "pci/intx_routing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

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

    TEST_CASE("a watch is told once a change, with the new line, and not of no change") {
        IntxRouter router;
        FakeIrqLine one;
        FakeIrqLine two;
        std::vector<IrqLine*> told;
        auto watch = router.watch({4, 1}, [&](IrqLine* line) { told.push_back(line); });

        router.connect({4, 1}, &one);
        router.connect({4, 1}, &one);
        router.connect({4, 2}, &two);
        router.connect({4, 1}, &two);
        router.connect({4, 1}, nullptr);
        watch.reset();
        router.connect({4, 1}, &one);

        CHECK(told == std::vector<IrqLine*>{&one, &two, nullptr});
        CHECK(router.line_of({4, 1}) == &one);
    }

    TEST_CASE("a change made by a callback is told afterwards, never inside (P14)") {
        IntxRouter router;
        FakeIrqLine one;
        FakeIrqLine two;
        unsigned depth = 0;
        unsigned deepest = 0;
        std::vector<IrqLine*> first;
        std::vector<IrqLine*> second;
        const auto changing = router.watch({1, 0}, [&](IrqLine* line) {
            deepest = std::max(deepest, ++depth);
            first.push_back(line);
            router.connect({1, 0}, &two);
            --depth;
        });
        const auto listening = router.watch({1, 0}, [&](IrqLine* line) { second.push_back(line); });

        router.connect({1, 0}, &one);

        CHECK(deepest == 1);
        CHECK(first.back() == &two);
        CHECK(second.back() == &two);
        CHECK(first.size() == 2);
        CHECK(second.size() == 2);
    }

    TEST_CASE("rerouting all pins calls each of 4096 watches once, in linear time (P14)") {
        IntxRouter router;
        FakeIrqLine line;
        unsigned calls = 0;
        std::vector<std::unique_ptr<Binding>> watches;
        for (unsigned count = 0; count < 4096; ++count) {
            const IntxInput input{static_cast<std::uint8_t>(count % 32),
                                  static_cast<std::uint8_t>(count / 32 % 4)};
            watches.push_back(router.watch(input, [&](IrqLine*) { ++calls; }));
        }

        for (unsigned index = 0; index < 128; ++index) {
            router.connect(
                {static_cast<std::uint8_t>(index % 32), static_cast<std::uint8_t>(index / 32)},
                &line);
        }

        CHECK(calls == 4096);
    }
}
