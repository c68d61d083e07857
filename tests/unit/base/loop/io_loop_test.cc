// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/io_loop.
#include "base/loop/io_loop.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"

namespace siskin {
namespace {

// Counts its calls, takes its event and does what a test asks.
class Source final : public IoSource {
public:
    Source() {
        auto event = EventFd::create();
        REQUIRE(event.has_value());
        event_ = std::make_unique<EventFd>(std::move(*event));
    }
    void on_ready() override {
        ++calls;
        [[maybe_unused]] const auto count = event_->take();
        then();
    }
    [[nodiscard]] const EventFd& event() const { return *event_; }

    int calls = 0;
    std::function<void()> then = [] {};

private:
    std::unique_ptr<EventFd> event_;
};

class Hook final : public IoTurnEnd {
public:
    void on_turn_end() override {
        ++calls;
        then();
    }

    int calls = 0;
    std::function<void()> then = [] {};
};

struct Loop {
    Loop() {
        auto created = IoLoop::create();
        REQUIRE(created.has_value());
        loop = std::make_unique<IoLoop>(std::move(*created));
    }
    void add(Source& source) const { REQUIRE(loop->add(source.event().get(), source).has_value()); }
    void remove(Source& source) const { loop->remove(source.event().get(), source); }

    std::unique_ptr<IoLoop> loop;
};

}  // namespace

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
    TEST_CASE("hooks are called once a turn, after the sources") {
        const Loop loop;
        Source source;
        Hook hook;
        std::string order;
        loop.add(source);
        loop.loop->add_turn_end(hook);
        source.then = [&] { order += 's'; };
        hook.then = [&] { order += 'h'; };

        source.event().signal();
        loop.loop->run_one_turn();
        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(order == "shsh");
    }

    TEST_CASE("a hook that removes itself does not cost its neighbour the turn") {
        const Loop loop;
        Source source;
        Hook leaving;
        Hook staying;
        loop.add(source);
        loop.loop->add_turn_end(leaving);
        loop.loop->add_turn_end(staying);
        leaving.then = [&] { loop.loop->remove_turn_end(leaving); };

        source.event().signal();
        loop.loop->run_one_turn();
        CHECK(staying.calls == 1);
        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(leaving.calls == 1);
        CHECK(staying.calls == 2);
    }

    TEST_CASE("a hook removed by another in the same turn is not called") {
        const Loop loop;
        Source source;
        Hook first;
        Hook second;
        loop.add(source);
        loop.loop->add_turn_end(first);
        loop.loop->add_turn_end(second);
        first.then = [&] { loop.loop->remove_turn_end(second); };

        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(first.calls == 1);
        CHECK(second.calls == 0);
    }

    TEST_CASE("a hook removed between turns is not called") {
        const Loop loop;
        Source source;
        Hook hook;
        loop.add(source);
        loop.loop->add_turn_end(hook);
        loop.loop->remove_turn_end(hook);

        source.event().signal();
        loop.loop->run_one_turn();

        CHECK(hook.calls == 0);
    }
}

}  // namespace siskin
