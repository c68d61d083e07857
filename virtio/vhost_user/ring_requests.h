// SPDX-License-Identifier: Apache-2.0
// RingRequests: block operations on their way through shadow rings, and what is in flight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "devices/block/block_node.h"
#include "virtio/vhost_user/ring_memory.h"

namespace siskin {

// This is the list of what is in flight, whatever the back end remembers: an operation leaves it
// once, when the back end returned it, and else when the connection ends, to be submitted anew.
//
// A durable write is a write and a flush of ours behind it. It begins anew with the write: what one
// back end has written and not flushed, its successor may not have. For the same reason the first
// flush fails after a loss that writes preceded which were acknowledged and not flushed; and after
// the back end failed a flush, all of them do.
// Thread: the IoThread's. No allocation a request.
class RingRequests {
public:
    // What one operation moves at most: what every back end takes.
    static constexpr std::uint64_t kTransferMax = std::uint64_t{1} << 30;

    struct Abilities {
        bool flush = false;
        bool discard = false;
        bool write_zeroes = false;
    };

    // A connection, whose rings are empty; they and the kicks, one a ring, outlive end().
    void begin(std::span<ShadowRing> rings, std::span<const EventFd> kicks, Abilities abilities);
    // All that is in flight completes with BlockEngine::kLost. reap() comes before, so that what
    // was done is not done again.
    void end();
    // What was lost before does not matter to the driver that begins now.
    void forget_losses() { lost_writes_ = flush_failed_ = false; }

    // Completes later, from reap(), end() or finish_turn().
    void submit(BlockOperation& operation);
    // Completes what the back end returned. Error: it returned something impossible.
    [[nodiscard]] Result<> reap();
    // Notifies of what was submitted; completes what needed no back end.
    void finish_turn();

    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
    // Operations so far; and whether one of the first `count` is in flight.
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] bool has_before(std::uint64_t count) const;

private:
    struct Flight {
        BlockOperation* operation = nullptr;
        std::uint64_t number = 0;  // of operations
        std::uint64_t covers = 0;  // of a flush: acknowledged writes before it
        bool is_flushing = false;  // a durable write's second half
    };
    struct Lane {
        ShadowRing* ring = nullptr;
        const EventFd* kick = nullptr;
        std::vector<Flight> flights;  // by the ring's number
        bool is_dirty = false;        // something was put
    };

    [[nodiscard]] Lane* free_lane();
    void put(Lane& lane, BlockOperation& operation);
    void put_flush(Lane& lane, Flight flight);
    void answer_later(BlockOperation& operation, int error_number);
    void on_returned(Lane& lane, ShadowRing::Finished finished);
    void note_done(const BlockOperation& operation, const Flight& flight);
    [[nodiscard]] bool needs_flush(const BlockOperation& operation) const;

    std::vector<Lane> lanes_;
    Abilities abilities_;
    std::size_t next_lane_ = 0;
    std::size_t in_flight_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t written_ = 0;  // acknowledged writes that were not durable
    std::uint64_t flushed_ = 0;  // of these
    bool lost_writes_ = false;
    bool flush_failed_ = false;
    BlockOperationList answered_;
};

}  // namespace siskin
