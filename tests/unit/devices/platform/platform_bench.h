// SPDX-License-Identifier: Apache-2.0
// What the platform tests share: a clock that stands until it is told, and recorders of interrupts,
// requests and output.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bus/io_handler.h"
#include "base/bus/irq_line.h"
#include "devices/chardev/chardev.h"
#include "devices/platform/clock.h"
#include "devices/platform/machine_requests.h"

namespace siskin::test {

// The same numbers in each run.
class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}
    unsigned operator()() { return static_cast<unsigned>(engine_()); }

private:
    std::mt19937 engine_;
};

class FakeClock final : public Clock {
public:
    explicit FakeClock(std::chrono::nanoseconds utc = std::chrono::nanoseconds(0)) : utc_(utc) {}

    [[nodiscard]] std::chrono::nanoseconds now() const override { return now_; }
    [[nodiscard]] std::chrono::nanoseconds utc() const override { return utc_; }
    [[nodiscard]] Result<std::unique_ptr<ClockTimer>> make_timer(
        std::function<void()> expired) override {
        auto timer = std::make_unique<FakeTimer>(*this, std::move(expired));
        timers_.push_back(timer.get());
        return std::unique_ptr<ClockTimer>(std::move(timer));
    }

    // Both clocks go on; timers expire in order, each at its own time.
    void advance(std::chrono::nanoseconds by) {
        const auto target = now_ + by;
        for (auto next = next_deadline(); next && *next <= target; next = next_deadline()) {
            step_to(std::max(*next, now_));
            expire();
        }
        step_to(target);
    }
    // As when somebody sets the host's clock.
    void jump_utc(std::chrono::nanoseconds by) { utc_ += by; }
    [[nodiscard]] std::size_t armed_timers() const {
        return static_cast<std::size_t>(
            std::count_if(timers_.begin(), timers_.end(),
                          [](const FakeTimer* timer) { return timer->deadline.has_value(); }));
    }
    [[nodiscard]] int expirations() const { return expirations_; }

private:
    struct FakeTimer final : ClockTimer {
        FakeTimer(FakeClock& owner, std::function<void()> callback)
            : clock(owner), expired(std::move(callback)) {}
        ~FakeTimer() override { std::erase(clock.timers_, this); }
        FakeTimer(const FakeTimer&) = delete;
        FakeTimer& operator=(const FakeTimer&) = delete;
        void arm(std::chrono::nanoseconds when) override { deadline = when; }
        void disarm() override { deadline.reset(); }

        FakeClock& clock;
        std::function<void()> expired;
        std::optional<std::chrono::nanoseconds> deadline;
    };

    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_deadline() const {
        std::optional<std::chrono::nanoseconds> next;
        for (const FakeTimer* const timer : timers_) {
            if (timer->deadline && (!next || *timer->deadline < *next)) {
                next = timer->deadline;
            }
        }
        return next;
    }
    void step_to(std::chrono::nanoseconds when) {
        utc_ += when - now_;
        now_ = when;
    }
    void expire() {
        for (FakeTimer* const timer : std::vector<FakeTimer*>(timers_)) {
            if (timer->deadline && *timer->deadline <= now_) {
                timer->deadline.reset();
                ++expirations_;
                timer->expired();
            }
        }
    }

    std::chrono::nanoseconds now_{0};
    std::chrono::nanoseconds utc_;
    std::vector<FakeTimer*> timers_;
    int expirations_ = 0;
};

class FakeIrq final : public IrqLine {
public:
    void set(bool asserted) override {
        edges_ += asserted && !asserted_ ? 1 : 0;
        asserted_ = asserted;
    }
    [[nodiscard]] bool asserted() const { return asserted_; }
    [[nodiscard]] int edges() const { return edges_; }

private:
    bool asserted_ = false;
    int edges_ = 0;
};

class RecordingRequests final : public MachineRequests {
public:
    void request_reset() override { ++resets; }
    void request_shutdown() override { ++shutdowns; }
    void request_debug_exit(std::uint8_t status) override { exits.push_back(status); }

    int resets = 0;
    int shutdowns = 0;
    std::vector<int> exits;
};

// The host's side of a line: records output, and gives input as the device takes it.
class FakeChardev final : public Chardev {
public:
    FakeChardev() : Chardev("fake") {}
    [[nodiscard]] std::string filename() const override { return "fake"; }
    void write(std::span<const std::uint8_t> bytes) override {
        output.append(bytes.begin(), bytes.end());
    }
    void accept_input() override { deliver(); }

    void type(std::string_view text) {
        typed_.append(text);
        deliver();
    }
    void deliver() {
        while (front_end() != nullptr && taken_ < typed_.size() &&
               front_end()->can_receive() != 0) {
            const std::size_t count = std::min(typed_.size() - taken_, front_end()->can_receive());
            const std::vector<std::uint8_t> bytes(typed_.data() + taken_,
                                                  typed_.data() + taken_ + count);
            taken_ += count;
            front_end()->receive(bytes);
        }
    }
    // Typed, and not taken yet.
    [[nodiscard]] std::string pending() const { return typed_.substr(taken_); }

    std::string output;

private:
    std::string typed_;
    std::size_t taken_ = 0;
};

[[nodiscard]] inline std::uint8_t in8(IoHandler& handler, std::uint64_t offset) {
    return static_cast<std::uint8_t>(handler.read(IoAccess{offset, 1}));
}
inline void out8(IoHandler& handler, std::uint64_t offset, unsigned value) {
    handler.write(IoAccess{offset, 1}, value);
}

}  // namespace siskin::test
