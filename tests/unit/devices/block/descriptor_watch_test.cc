// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/descriptor_watch.
#include "devices/block/descriptor_watch.h"

#include <doctest/doctest.h>

#include <array>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace siskin {
namespace {

bool is_readable(const DescriptorWatch& watch, int limit_ms = 0) {
    pollfd waiting{watch.get(), POLLIN, 0};
    return ::poll(&waiting, 1, limit_ms) == 1;
}

}  // namespace

TEST_SUITE("devices/block/descriptor_watch") {
    TEST_CASE("it follows one descriptor, for writing where that is asked for") {
        auto watch = *DescriptorWatch::create();
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        const Fd reading(ends[0]);
        const Fd writing(ends[1]);
        watch.follow(writing.get(), false);
        CHECK_FALSE(is_readable(watch));

        watch.follow(writing.get(), true);
        CHECK(is_readable(watch));
        watch.follow(reading.get(), false);
        CHECK_FALSE(is_readable(watch));
        REQUIRE(::write(writing.get(), "x", 1) == 1);
        CHECK(is_readable(watch));
        watch.forget();
        CHECK_FALSE(is_readable(watch));
    }

    TEST_CASE("its timer wakes again and again until it is stopped") {
        auto watch = *DescriptorWatch::create();
        CHECK_FALSE(watch.take_timer());
        watch.set_timer(std::chrono::milliseconds(5));

        CHECK(is_readable(watch, 60000));
        CHECK(watch.take_timer());
        CHECK(is_readable(watch, 60000));
        watch.set_timer(std::chrono::milliseconds(0));
        CHECK_FALSE(is_readable(watch));
    }
}

}  // namespace siskin
