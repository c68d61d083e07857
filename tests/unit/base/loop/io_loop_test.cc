// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/io_loop.
#include "base/loop/io_loop.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/base/loop/loop_bench.h"

namespace siskin {

TEST_SUITE("base/loop/io_loop") {
    TEST_CASE("a turn calls each ready source once and no other") {
        const Loop loop;
        Source ready;
        Source idle;
        loop.add(ready);
        loop.add(idle);

        ready.event().signal();
        ready.event().signal();
        loop.loop->run_one_turn();

        CHECK(ready.calls == 1);
        CHECK(idle.calls == 0);
    }

    TEST_CASE("a source that was removed is called no more") {
        const Loop loop;
        Source kept;
        Source removed;
        loop.add(kept);
        loop.add(removed);
        loop.remove(removed);

        removed.event().signal();
        kept.event().signal();
        loop.loop->run_one_turn();

        CHECK(kept.calls == 1);
        CHECK(removed.calls == 0);
    }

    TEST_CASE("of two ready sources that remove each other, only the first is called") {
        const Loop loop;
        Source one;
        Source two;
        loop.add(one);
        loop.add(two);
        one.then = [&] { loop.remove(two); };
        two.then = [&] { loop.remove(one); };

        one.event().signal();
        two.event().signal();
        loop.loop->run_one_turn();

        CHECK(one.calls + two.calls == 1);
    }

    TEST_CASE("a source may remove itself while it is called") {
        const Loop loop;
        Source once;
        Source other;
        loop.add(once);
        loop.add(other);
        once.then = [&] { loop.remove(once); };

        once.event().signal();
        loop.loop->run_one_turn();
        once.event().signal();
        other.event().signal();
        loop.loop->run_one_turn();

        CHECK(once.calls == 1);
        CHECK(other.calls == 1);
    }

    TEST_CASE("a source removed and added again is called") {
        const Loop loop;
        Source source;
        loop.add(source);
        loop.remove(source);
        loop.add(source);

        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(source.calls == 1);
    }

    TEST_CASE("a descriptor nobody empties stays ready") {
        const Loop loop;
        Source source;
        loop.add(source);
        source.then = [&] { source.event().signal(); };

        source.event().signal();
        loop.loop->run_one_turn();
        loop.loop->run_one_turn();

        CHECK(source.calls == 2);
    }

    TEST_CASE("adding a descriptor twice, or one that epoll cannot watch, is an error") {
        const Loop loop;
        Source source;
        loop.add(source);
        const auto file = open_file("/proc/self/exe", O_RDONLY);
        REQUIRE(file.has_value());

        CHECK_FALSE(loop.loop->add(source.event().get(), source).has_value());
        const auto regular = loop.loop->add(file->get(), source);
        REQUIRE_FALSE(regular.has_value());
        CHECK(regular.error().message ==
              "could not watch a file descriptor: Operation not permitted");
    }
}

TEST_SUITE("base/loop/io_loop: turn ends") {
    TEST_CASE("a hook is called once in the turn that wants it, after the sources") {
        const Loop loop;
        Source source;
        Hook hook;
        std::string order;
        loop.add(source);
        source.then = [&] {
            order += 's';
            loop.loop->want_turn_end(hook);
            loop.loop->want_turn_end(hook);
        };
        hook.then = [&] { order += 'h'; };

        source.event().signal();
        loop.loop->run_one_turn();
        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(order == "shsh");
    }

    TEST_CASE("a hook that nobody wants is not called") {
        const Loop loop;
        Source source;
        Hook hook;
        loop.add(source);
        loop.loop->want_turn_end(hook);
        source.event().signal();
        loop.loop->run_one_turn();
        REQUIRE(hook.calls == 1);
        source.event().signal();

        loop.loop->run_one_turn();

        CHECK(hook.calls == 1);
    }

    TEST_CASE("a hook that wants itself again has the next turn, which does not wait") {
        const Loop loop;
        Hook hook;
        hook.then = [&] { loop.loop->want_turn_end(hook); };
        loop.loop->want_turn_end(hook);

        loop.loop->run_one_turn();
        REQUIRE(hook.calls == 1);
        loop.loop->run_one_turn();

        CHECK(hook.calls == 2);
    }

    TEST_CASE("a hook wanted by another has the same turn, and the other one the next") {
        const Loop loop;
        Hook first;
        Hook second;
        first.then = [&] { loop.loop->want_turn_end(second); };
        second.then = [&] { loop.loop->want_turn_end(first); };
        loop.loop->want_turn_end(first);

        loop.loop->run_one_turn();

        CHECK(first.calls == 1);
        CHECK(second.calls == 1);
        first.then = [] {};
        loop.loop->run_one_turn();
        CHECK(first.calls == 2);
        CHECK(second.calls == 1);
    }

    TEST_CASE("a hook forgotten by another in the same turn is not called, its neighbours are") {
        const Loop loop;
        Hook first;
        Hook second;
        Hook third;
        first.then = [&] { loop.loop->forget_turn_end(second); };
        loop.loop->want_turn_end(first);
        loop.loop->want_turn_end(second);
        loop.loop->want_turn_end(third);

        loop.loop->run_one_turn();

        CHECK(first.calls == 1);
        CHECK(second.calls == 0);
        CHECK(third.calls == 1);
    }

    TEST_CASE("a hook forgotten between turns is not called, whichever of them it is") {
        for (std::size_t which = 0; which < 3; ++which) {
            const Loop loop;
            std::array<Hook, 3> hooks;
            for (Hook& hook : hooks) {
                loop.loop->want_turn_end(hook);
            }
            loop.loop->forget_turn_end(hooks[which]);
            Hook last;
            loop.loop->want_turn_end(last);

            loop.loop->run_one_turn();

            CHECK(hooks[which].calls == 0);
            CHECK(hooks[0].calls + hooks[1].calls + hooks[2].calls == 2);
            CHECK(last.calls == 1);
        }
    }
}

TEST_SUITE("base/loop/io_loop: time") {
    TEST_CASE("a turn has one time, until it is forgotten, and the next turn another one") {
        const Loop loop;
        Source source;
        std::array<std::uint64_t, 4> times{};
        loop.add(source);
        source.then = [&] {
            times[0] = loop.loop->now_ns();
            times[1] = loop.loop->now_ns();
            loop.loop->forget_time();
            times[2] = loop.loop->now_ns();
        };
        source.event().signal();
        loop.loop->run_one_turn();
        source.then = [&] { times[3] = loop.loop->now_ns(); };
        source.event().signal();

        loop.loop->run_one_turn();

        CHECK(times[0] != 0);
        CHECK(times[1] == times[0]);
        CHECK(times[2] > times[1]);
        CHECK(times[3] > times[2]);
    }
}

}  // namespace siskin
