// SPDX-License-Identifier: Apache-2.0
// What tests of IoLoop put on a loop: sources, hooks and pollers that count.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "base/fd.h"
#include "base/loop/io_loop.h"

namespace siskin {

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

// Has `work` to do, so many times.
class Poller final : public IoPoller {
public:
    void begin_polling() override {
        ++begun;
        CHECK_FALSE(std::exchange(looked_at, true));
    }
    bool poll() override {
        CHECK(looked_at);
        then();
        ++polls;
        const bool has_work = work > 0;
        work -= has_work ? 1 : 0;
        return has_work;
    }
    void end_polling() override { CHECK(std::exchange(looked_at, false)); }

    bool looked_at = false;
    int begun = 0;
    int polls = 0;
    int work = 0;
    std::function<void()> then = [] {};
};

inline constexpr PollLimits kPatient{.max = std::chrono::hours(1)};

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

// A turn that waited, not for long: the next ones look.
inline void teach(const Loop& loop, Source& source) {
    loop.loop->set_poll_limits(kPatient);
    source.event().signal();
    loop.loop->run_one_turn();
    source.calls = 0;
}

}  // namespace siskin
