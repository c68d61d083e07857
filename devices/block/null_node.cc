// SPDX-License-Identifier: Apache-2.0
// NullNode and its engine.
#include "devices/block/null_node.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/timerfd.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr std::uint64_t kSectorSize = 512;

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the timer's

// Every request is due a latency after its submission, so they are due in their order.
class NullEngine final : public BlockEngine, private IoSource {
public:
    NullEngine(const NullNodeOptions& options, Fd timer, std::size_t operations_max)
        : latency_(options.latency),
          read_zeroes_(options.read_zeroes),
          timer_(std::move(timer)),
          due_(operations_max) {}

    [[nodiscard]] Result<> attach(IoLoop& loop) override { return loop.add(timer_.get(), *this); }
    void detach(IoLoop& loop) override { loop.remove(timer_.get(), *this); }
    void submit(BlockOperation& operation) override {
        SISKIN_ASSERT(count_ < due_.size());
        due_[(first_ + count_) % due_.size()] = Clock::now() + latency_;
        ++count_;
        waiting_.push(operation);
        if (count_ == 1) {
            set_timer();
        }
    }
    [[nodiscard]] std::string_view name() const override { return "null"; }

private:
    void on_ready() override {
        std::uint64_t expirations = 0;
        [[maybe_unused]] const auto taken = ::read(timer_.get(), &expirations, sizeof(expirations));
        const auto now = Clock::now();
        // What complete() submits has its turn at the next expiration.
        for (std::size_t left = count_; left != 0 && due_[first_] <= now; --left) {
            BlockOperation* const operation = waiting_.pop();
            first_ = (first_ + 1) % due_.size();
            --count_;
            carry_out(*operation);
        }
        if (count_ != 0) {
            set_timer();
        }
    }
    void set_timer() const {
        auto left =
            std::chrono::duration_cast<std::chrono::nanoseconds>(due_[first_].time_since_epoch());
        constexpr std::int64_t kSecond = 1'000'000'000;
        itimerspec when{};
        when.it_value.tv_sec = left.count() / kSecond;
        when.it_value.tv_nsec = left.count() % kSecond;
        ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
    }
    void carry_out(BlockOperation& operation) const {
        bool finished = false;
        while (!finished) {
            finished = operation.advance(transfer(operation), UINT64_MAX);
        }
        operation.complete(operation.error());
    }
    std::int64_t transfer(const BlockOperation& operation) const {
        std::int64_t size = static_cast<std::int64_t>(operation.length());
        for (const iovec& buffer : operation.buffers()) {
            size += static_cast<std::int64_t>(buffer.iov_len);
            if (read_zeroes_ && operation.step() == BlockOperation::Step::Read) {
                std::memset(buffer.iov_base, 0, buffer.iov_len);
            }
        }
        return size;
    }

    std::chrono::nanoseconds latency_;
    bool read_zeroes_;
    Fd timer_;
    BlockOperationList waiting_;
    std::vector<Clock::time_point> due_;  // a ring, for those that wait
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace

Result<std::unique_ptr<NullNode>> NullNode::create(NullNodeOptions options) {
    if (options.size == 0 || options.size > NullNodeOptions::kSizeMax) {
        return fail(concat("size is ", options.size, ", allowed is 1 to ",
                           NullNodeOptions::kSizeMax, " bytes"));
    }
    if (options.latency > NullNodeOptions::kLatencyMax) {
        return fail(concat("latency-ns is ", options.latency.count(), ", the most is ",
                           NullNodeOptions::kLatencyMax.count(), ", a minute"));
    }
    options.size = align_up(options.size, kSectorSize);
    return std::unique_ptr<NullNode>(new NullNode(std::move(options)));
}

Result<std::unique_ptr<BlockEngine>> NullNode::make_engine(std::size_t operations_max) {
    Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer.valid()) {
        return fail_errno("could not create a timerfd", errno);
    }
    return std::unique_ptr<BlockEngine>(
        std::make_unique<NullEngine>(options_, std::move(timer), operations_max));
}

}  // namespace siskin
