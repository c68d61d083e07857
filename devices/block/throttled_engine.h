// SPDX-License-Identifier: Apache-2.0
// ThrottledEngine: an engine whose reads and writes wait until a group's limits let them go.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "devices/block/engine_filter.h"
#include "devices/block/throttle_group.h"

namespace siskin {

// Without a group all passes through. Flushes and discards always do, as in QEMU 7.2.
// Thread: the loop's; counts any.
class ThrottledEngine final : public EngineFilter, private IoSource {
public:
    [[nodiscard]] static Result<std::unique_ptr<ThrottledEngine>> create(
        std::unique_ptr<BlockEngine> inner);
    ~ThrottledEngine() override;
    ThrottledEngine(const ThrottledEngine&) = delete;
    ThrottledEngine& operator=(const ThrottledEngine&) = delete;

    // Null: no limits. What waits stays in its order.
    void set_group(std::shared_ptr<ThrottleGroup> group);

    [[nodiscard]] Result<> attach(IoLoop& loop) override;
    void detach(IoLoop& loop) override;
    void submit(BlockOperation& operation) override;
    void release_held() override;
    void hand_back_held() override;

    // Requests that had to wait, and for how long all of them together.
    [[nodiscard]] std::uint64_t held_operations() const { return held_operations_.load(); }
    [[nodiscard]] std::uint64_t held_ns() const { return held_ns_.load(); }

private:
    ThrottledEngine(std::unique_ptr<BlockEngine> inner, Fd timer)
        : EngineFilter(std::move(inner)), member_(std::move(timer)) {}
    void on_ready() override;  // the member's timer
    // Those that waited; none waits any more.
    [[nodiscard]] BlockOperationList take_held(bool is_write);
    void dispatch(bool is_write);
    void begin(BlockOperation& operation);

    std::shared_ptr<ThrottleGroup> group_;
    ThrottleMember member_;
    std::array<BlockOperationList, 2> held_;  // reads, writes
    std::atomic<std::uint64_t> held_operations_{0};
    std::atomic<std::uint64_t> held_ns_{0};
};

}  // namespace siskin
