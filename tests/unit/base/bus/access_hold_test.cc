// SPDX-License-Identifier: Apache-2.0
// Proves base/bus/access_hold.
#include "base/bus/access_hold.h"

#include <doctest/doctest.h>

#include <functional>
#include <thread>

using siskin::AccessHold;

TEST_SUITE("base/bus/access_hold") {
    TEST_CASE("a thread is held until each that held it has let go") {
        AccessHold hold;
        hold.attach();

        const auto first = AccessHold::begin();
        const auto second = AccessHold::begin();
        CHECK(hold.is_held());
        first();
        CHECK(hold.is_held());
        second();

        CHECK_FALSE(hold.is_held());
    }

    TEST_CASE("where nobody can be held, nobody is; nor by another thread's accesses") {
        const auto nothing = AccessHold::begin();
        AccessHold hold;
        hold.attach();
        std::thread other([] { static_cast<void>(AccessHold::begin()); });
        other.join();

        nothing();

        CHECK_FALSE(hold.is_held());
    }

    TEST_CASE("letting go of a thread that has gone is nothing") {
        std::function<void()> let_go;
        {
            AccessHold hold;
            hold.attach();
            let_go = AccessHold::begin();
        }

        let_go();

        const auto after = AccessHold::begin();
        AccessHold next;
        next.attach();
        after();
        CHECK_FALSE(next.is_held());
    }

    TEST_CASE("a sleeper wakes at the end of a hold, and when it is woken") {
        AccessHold hold;
        hold.attach();
        const auto let_go = AccessHold::begin();
        const auto turn = hold.turn();
        std::thread finisher(let_go);
        while (hold.is_held()) {
            hold.sleep(turn);
        }
        finisher.join();
        CHECK(hold.turn() != turn);

        const auto before = hold.turn();
        std::thread waker([&] { hold.wake(); });
        hold.sleep(before);
        waker.join();
        CHECK(hold.turn() == before + 1);
    }
}
