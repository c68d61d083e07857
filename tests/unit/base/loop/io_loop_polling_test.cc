// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/io_loop: how it looks for work before it waits.
#include <doctest/doctest.h>

#include <cstddef>

#include "tests/unit/base/loop/loop_bench.h"

namespace siskin {

TEST_SUITE("base/loop/io_loop: polling") {
    TEST_CASE("what a poller finds needs no descriptor, and ends the turn with its hooks") {
        const Loop loop;
        Source source;
        Poller poller;
        Hook hook;
        loop.add(source);
        loop.loop->add_poller(poller);
        teach(loop, source);
        poller.then = [&] { loop.loop->want_turn_end(hook); };
        poller.work = 2;

        loop.loop->run_one_turn();
        loop.loop->run_one_turn();

        CHECK(poller.work == 0);
        CHECK(poller.begun == 1);
        CHECK(poller.looked_at);
        CHECK(hook.calls == 2);
        CHECK(source.calls == 0);
    }

    TEST_CASE("a poller that finds nothing is told so before the loop waits") {
        const Loop loop;
        Source source;
        Poller poller;
        loop.add(source);
        loop.loop->add_poller(poller);
        teach(loop, source);
        source.event().signal();

        loop.loop->run_one_turn();

        CHECK(poller.begun == 1);
        CHECK(poller.polls > 0);
        CHECK_FALSE(poller.looked_at);
        CHECK(source.calls == 1);
    }

    TEST_CASE("a poller that always finds something does not keep descriptors from their turn") {
        const Loop loop;
        Source source;
        Poller poller;
        loop.add(source);
        loop.loop->add_poller(poller);
        teach(loop, source);
        poller.work = 1'000;
        source.event().signal();

        for (int turn = 0; turn < 16; ++turn) {
            loop.loop->run_one_turn();
        }

        CHECK(source.calls == 1);
    }

    TEST_CASE("without limits, and after a long wait, nobody is looked at") {
        const Loop loop;
        Source source;
        Poller poller;
        loop.add(source);
        loop.loop->add_poller(poller);

        source.event().signal();
        loop.loop->run_one_turn();
        loop.loop->set_poll_limits(PollLimits{.max = std::chrono::nanoseconds(1)});
        source.event().signal();
        loop.loop->run_one_turn();
        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(poller.begun == 0);
        CHECK(poller.polls == 0);
    }

    TEST_CASE("one that is removed by another, or by itself, is looked at no more and was told") {
        const Loop loop;
        Source source;
        Poller first;
        Poller second;
        loop.add(source);
        loop.loop->add_poller(first);
        loop.loop->add_poller(second);
        teach(loop, source);
        first.work = 1;
        first.then = [&] {
            loop.loop->remove_poller(second);
            loop.loop->remove_poller(first);
        };

        loop.loop->run_one_turn();
        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(first.polls == 1);
        CHECK(second.polls == 0);
        CHECK_FALSE(first.looked_at);
        CHECK_FALSE(second.looked_at);
    }

    TEST_CASE("one that is added while the loop looks is told so") {
        const Loop loop;
        Source source;
        Poller first;
        Poller later;
        loop.add(source);
        loop.loop->add_poller(first);
        teach(loop, source);
        first.work = 1;
        loop.loop->run_one_turn();

        loop.loop->add_poller(later);

        CHECK(later.looked_at);
    }
}

}  // namespace siskin
