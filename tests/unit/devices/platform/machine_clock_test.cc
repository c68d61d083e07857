// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/machine_clock, and base/loop/timer through it.
#include "devices/platform/machine_clock.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using namespace std::chrono_literals;
using siskin::ClockTimer;
using siskin::EventLoop;
using siskin::MachineClock;
using siskin::MachineLock;
using siskin::MutexLock;
using siskin::test::turn_until;

namespace {

struct ClockBench {
    [[nodiscard]] std::unique_ptr<ClockTimer> timer() {
        auto made = clock.make_timer([this] { ++calls; });
        REQUIRE(made.has_value());
        return std::move(*made);
    }
    void turn_for(std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        turn_until(loop, [&] { return std::chrono::steady_clock::now() >= end; });
    }

    EventLoop loop;
    MachineLock lock;
    MachineClock clock{loop, lock};
    int calls = 0;
};

}  // namespace

TEST_SUITE("devices/platform/machine_clock") {
    TEST_CASE("guest time rises, and stands still between pause and resume") {
        ClockBench bench;
        std::this_thread::sleep_for(2ms);
        bench.clock.pause();
        const auto paused = bench.clock.now();
        CHECK(paused >= 2ms);
        std::this_thread::sleep_for(5ms);
        CHECK(bench.clock.now() == paused);

        bench.clock.resume();
        bench.clock.resume();

        CHECK(bench.clock.now() >= paused);
        CHECK(bench.clock.now() < paused + 4s);
    }

    TEST_CASE("calendar time is the host's") {
        ClockBench bench;

        const auto difference =
            std::chrono::system_clock::now().time_since_epoch() - bench.clock.utc();

        CHECK(std::chrono::abs(difference) < 5s);
    }

    TEST_CASE("a timer calls once, at its deadline and not before") {
        ClockBench bench;
        const auto timer = bench.timer();
        const auto deadline = bench.clock.now() + 20ms;

        timer->arm(deadline);
        bench.loop.run_ready();
        CHECK(bench.calls == 0);
        turn_until(bench.loop, [&] { return bench.calls != 0; });
        CHECK(bench.clock.now() >= deadline);
        bench.turn_for(5ms);

        CHECK(bench.calls == 1);
    }

    TEST_CASE("a deadline in the past is met at the loop's next turn, not inside arm") {
        ClockBench bench;
        const auto timer = bench.timer();

        timer->arm(bench.clock.now() - 1s);
        CHECK(bench.calls == 0);
        turn_until(bench.loop, [&] { return bench.calls != 0; });

        CHECK(bench.calls == 1);
    }

    TEST_CASE("a disarmed timer, and one that is gone, do not call") {
        ClockBench bench;
        const auto disarmed = bench.timer();
        auto gone = bench.timer();
        disarmed->arm(bench.clock.now() + 1ms);
        gone->arm(bench.clock.now() + 1ms);
        std::this_thread::sleep_for(3ms);

        disarmed->disarm();
        gone.reset();
        bench.turn_for(5ms);

        CHECK(bench.calls == 0);
    }

    TEST_CASE("while paused no timer calls; after resume it calls at its guest time") {
        ClockBench bench;
        const auto timer = bench.timer();
        timer->arm(bench.clock.now() + 5ms);
        bench.clock.pause();
        bench.turn_for(20ms);
        CHECK(bench.calls == 0);

        bench.clock.resume();
        turn_until(bench.loop, [&] { return bench.calls != 0; });

        CHECK(bench.calls == 1);
    }

    TEST_CASE("another thread arms a timer under the lock while the loop runs") {
        ClockBench bench;
        const auto timer = bench.timer();
        std::thread loop_thread([&] { bench.loop.run(); });
        int seen = 0;

        for (int round = 0; round < 50; ++round) {
            {
                const MutexLock hold(bench.lock);
                timer->arm(bench.clock.now() + 100us);
            }
            const auto limit = std::chrono::steady_clock::now() + 5s;
            while (seen <= round && std::chrono::steady_clock::now() < limit) {
                const MutexLock hold(bench.lock);
                seen = bench.calls;
            }
        }
        bench.loop.stop();
        loop_thread.join();

        CHECK(seen == 50);
    }
}
