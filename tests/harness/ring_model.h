// SPDX-License-Identifier: Apache-2.0
// RingModel: a virtqueue with its driver, and beside it a model that says what must be seen.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tests/harness/driver_ring.h"
#include "tests/harness/test_guest.h"
#include "virtio/queue/virtqueue.h"

namespace siskin {

// The model knows no rings, indices or wrap counters: lists of buffers and 64-bit counters alone.
class RingModel {
public:
    // What a driver or a device may do next. One that is not possible now is no step.
    enum class Step {
        OfferOne,
        OfferTwo,
        OfferTable,
        Pop,
        FinishFirst,
        FinishLast,
        TakeUsed,
        WantAtOnce,  // EVENT_IDX: after the next buffer; else always
        WantLater,   // EVENT_IDX: after one more; else never
        Decide,      // whether to interrupt
        Listen,      // notifications on; is there more?
    };
    static constexpr unsigned kStepCount = 11;

    RingModel(RingFormat format, std::uint16_t size, bool event_index, bool in_order);

    // False when what was seen is not what the model says.
    [[nodiscard]] bool take(Step step);
    // Everything as at the beginning.
    void start_over();
    // Where no table is in use, their memory is free again.
    void reuse_tables();
    [[nodiscard]] std::uint64_t used_count() const { return used_; }

private:
    struct InFlight {
        ChainHead head;
        std::uint16_t id;
        std::uint32_t size;
        bool finished = false;
    };

    [[nodiscard]] bool offer(std::size_t count, bool indirect);
    [[nodiscard]] bool pop();
    void finish(std::size_t place);
    void show(const InFlight& buffer);
    [[nodiscard]] bool take_used();
    void want(bool at_once);
    [[nodiscard]] bool decide();

    // A used buffer's part of what event indices count.
    struct Offered {
        std::uint16_t id;
        std::uint32_t size;         // bytes
        std::uint16_t descriptors;  // taken in the ring
    };

    RingFormat format_;
    std::uint16_t size_;
    bool event_index_;
    bool in_order_;
    TestGuest guest_;
    std::unique_ptr<DriverRing> driver_;
    std::optional<Virtqueue> queue_;
    DescriptorChain chain_;

    std::uint64_t tables_ = 0;  // where they begin
    std::deque<Offered> available_;
    std::vector<InFlight> in_flight_;  // as popped
    std::deque<DriverRing::Used> shown_;
    std::vector<std::uint16_t> descriptors_;  // by id
    std::uint32_t next_size_ = 1;
    std::uint64_t used_ = 0;     // shown to the driver; packed: descriptors, split: buffers
    std::uint64_t taken_ = 0;    // the same, that the driver took
    std::uint64_t decided_ = 0;  // used_ at the last decision
    std::uint64_t event_ = 0;    // EVENT_IDX: interrupt when this one is used
    bool never_ = false;         // no EVENT_IDX
};

}  // namespace siskin
