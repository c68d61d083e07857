// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/sync_turn.
#include "devices/block/sync_turn.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

namespace siskin {

TEST_SUITE("devices/block/sync_turn") {
    TEST_CASE("one has the turn at a time; who asked meanwhile is told once") {
        SyncTurn turn;
        const EventFd first = *EventFd::create();
        const EventFd second = *EventFd::create();
        REQUIRE(turn.take(first));
        REQUIRE_FALSE(turn.take(second));
        REQUIRE_FALSE(turn.take(second));
        REQUIRE_FALSE(second.readable());

        turn.give_back();

        CHECK(second.take() == 1);
        CHECK_FALSE(first.readable());
        CHECK(turn.take(second));
        turn.give_back();
        CHECK_FALSE(second.readable());
    }

    TEST_CASE("who has gone is not told") {
        SyncTurn turn;
        const EventFd first = *EventFd::create();
        const EventFd second = *EventFd::create();
        REQUIRE(turn.take(first));
        REQUIRE_FALSE(turn.take(second));

        turn.forget(second);
        turn.give_back();

        CHECK_FALSE(second.readable());
    }

    TEST_CASE("a thread that may block waits until the turn is given back") {
        SyncTurn turn;
        const EventFd waiter = *EventFd::create();
        REQUIRE(turn.take(waiter));
        std::atomic<bool> has_it{false};
        std::thread other([&] {
            turn.wait_and_take();
            has_it.store(true);
            turn.give_back();
        });
        REQUIRE_FALSE(has_it.load());

        turn.give_back();
        other.join();

        CHECK(has_it.load());
        CHECK(turn.take(waiter));
    }
}

}  // namespace siskin
