// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/timer.
#include "base/loop/timer.h"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace siskin {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

std::unique_ptr<Timer> new_timer(EventLoop& loop, std::function<void()> expired) {
    auto timer = Timer::create(loop, std::move(expired));
    REQUIRE(timer.has_value());
    return std::move(*timer);
}

}  // namespace

TEST_SUITE("base/loop/timer") {
    TEST_CASE("a timer expires once, not before its delay") {
        EventLoop loop;
        const auto start = std::chrono::steady_clock::now();
        int calls = 0;
        const auto timer = new_timer(loop, [&] {
            ++calls;
            loop.stop();
        });

        timer->arm(milliseconds(5));
        loop.run();

        CHECK(calls == 1);
        CHECK(std::chrono::steady_clock::now() - start >= milliseconds(5));
    }

    TEST_CASE("a delay of zero or less expires as soon as the loop turns") {
        EventLoop loop;
        int calls = 0;
        const auto timer = new_timer(loop, [&] {
            ++calls;
            loop.stop();
        });

        timer->arm(nanoseconds(-1));
        loop.run();

        CHECK(calls == 1);
    }

    TEST_CASE("a timer that was disarmed does not expire") {
        EventLoop loop;
        int calls = 0;
        const auto timer = new_timer(loop, [&] { ++calls; });
        const auto end = new_timer(loop, [&] { loop.stop(); });
        end->arm(milliseconds(20));

        timer->arm(milliseconds(1));
        timer->disarm();
        loop.run();

        CHECK(calls == 0);
    }

    TEST_CASE("arming again replaces the delay") {
        EventLoop loop;
        int calls = 0;
        const auto timer = new_timer(loop, [&] {
            ++calls;
            loop.stop();
        });

        timer->arm(std::chrono::hours(1));
        timer->arm(milliseconds(1));
        loop.run();

        CHECK(calls == 1);
    }

    TEST_CASE("a timer may arm itself in its call") {
        EventLoop loop;
        int calls = 0;
        std::unique_ptr<Timer> timer;
        timer = new_timer(loop, [&] {
            ++calls;
            timer->arm(milliseconds(1));
            if (calls == 3) {
                loop.stop();
            }
        });

        timer->arm(milliseconds(1));
        loop.run();

        CHECK(calls == 3);
    }

    TEST_CASE("another thread may arm it") {
        EventLoop loop;
        int calls = 0;
        const auto timer = new_timer(loop, [&] {
            ++calls;
            loop.stop();
        });

        std::thread other([&] { timer->arm(milliseconds(1)); });
        loop.run();
        other.join();

        CHECK(calls == 1);
    }
}

}  // namespace siskin
