// SPDX-License-Identifier: Apache-2.0
// FaultyNode: any block node, made slow, or failing at chosen requests.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <sys/timerfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "devices/block/block_node.h"
#include "tests/harness/node_over.h"

namespace siskin::test {

// Requests count from 0, in the order of their submission, over all engines of the node. Those that
// fail never reach the node below. The faults are set before engines are made.
class FaultyNode final : public NodeOver {
public:
    using NodeOver::NodeOver;

    // Every request reaches the node below this much later.
    void delay(std::chrono::nanoseconds duration) { delay_ = duration; }
    void fail(std::size_t request, int error_number) { failures_[request] = error_number; }

    Result<std::unique_ptr<BlockEngine>> create_engine(std::size_t operations_max) override {
        auto engine = SISKIN_TRY(child().create_engine(operations_max));
        return std::unique_ptr<BlockEngine>(std::make_unique<Engine>(*this, std::move(engine)));
    }

private:
    using Clock = std::chrono::steady_clock;

    class Engine final : public BlockEngine, private IoSource {
    public:
        Engine(FaultyNode& node, std::unique_ptr<BlockEngine> child)
            : node_(node), child_(std::move(child)) {}

        Result<> attach(IoLoop& loop) override {
            SISKIN_TRY(loop.add(timer_.get(), *this));
            return child_->attach(loop);
        }
        void detach(IoLoop& loop) override {
            child_->detach(loop);
            loop.remove(timer_.get(), *this);
        }
        void submit(BlockOperation& operation) override {
            waiting_.emplace(Clock::now() + node_.delay_,
                             std::pair(&operation, node_.submitted_++));
            set_timer();
        }
        std::string_view name() const override { return "faulty"; }

    private:
        void on_ready() override {
            std::uint64_t expirations = 0;
            [[maybe_unused]] const auto taken =
                ::read(timer_.get(), &expirations, sizeof(expirations));
            while (!waiting_.empty() && waiting_.begin()->first <= Clock::now()) {
                const auto [operation, number] = waiting_.begin()->second;
                waiting_.erase(waiting_.begin());
                const auto failure = node_.failures_.find(number);
                if (failure != node_.failures_.end()) {
                    operation->complete(failure->second);
                } else {
                    child_->submit(*operation);
                }
            }
            set_timer();
        }
        void set_timer() const {
            itimerspec when{};
            if (!waiting_.empty()) {
                const auto due = std::chrono::duration_cast<std::chrono::nanoseconds>(
                    waiting_.begin()->first.time_since_epoch());
                constexpr std::int64_t kSecond = 1'000'000'000;
                when.it_value = timespec{due.count() / kSecond, due.count() % kSecond};
            }
            ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
        }

        FaultyNode& node_;
        std::unique_ptr<BlockEngine> child_;
        Fd timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
        std::multimap<Clock::time_point, std::pair<BlockOperation*, std::size_t>> waiting_;
    };

    std::chrono::nanoseconds delay_{0};
    std::map<std::size_t, int> failures_;
    std::size_t submitted_ = 0;
};

}  // namespace siskin::test
