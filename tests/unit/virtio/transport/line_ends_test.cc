// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/line_ends.
#include "virtio/transport/line_ends.h"

#include <doctest/doctest.h>

#include <utility>

#include "tests/unit/virtio/virtio_bench.h"

using namespace siskin;

TEST_SUITE("virtio/transport/line_ends") {
    TEST_CASE("one event of a line tells all who share it; another line has its own") {
        ManualRelay relay;
        LineEnds ends(relay);
        FakeIrqLine line;
        FakeIrqLine other;
        unsigned calls[3] = {};
        REQUIRE(ends.prepare(line).has_value());
        REQUIRE(ends.prepare(line).has_value());
        REQUIRE(ends.prepare(other).has_value());
        const auto first = *ends.share(line, [&] { ++calls[0]; });
        const auto second = *ends.share(line, [&] { ++calls[1]; });
        const auto third = *ends.share(other, [&] { ++calls[2]; });
        CHECK(&first->event() == &second->event());
        CHECK(relay.watched() == 2);

        first->event().signal();
        second->event().signal();
        relay.run();

        CHECK(calls[0] == 1);
        CHECK(calls[1] == 1);
        CHECK(calls[2] == 0);
    }

    TEST_CASE("who left is told no more; event and watch stay for those who come") {
        ManualRelay relay;
        LineEnds ends(relay);
        FakeIrqLine line;
        CHECK_FALSE(ends.share(line, [] {}).has_value());
        REQUIRE(ends.prepare(line).has_value());
        unsigned left = 0;
        unsigned stays = 0;
        auto first = *ends.share(line, [&] { ++left; });
        auto second = *ends.share(line, [&] { ++stays; });

        first.reset();
        second->event().signal();
        relay.run();
        CHECK(left == 0);
        CHECK(stays == 1);
        second.reset();

        CHECK(relay.watched() == 1);
    }
}
