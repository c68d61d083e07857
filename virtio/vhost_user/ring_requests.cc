// SPDX-License-Identifier: Apache-2.0
// RingRequests.
#include "virtio/vhost_user/ring_requests.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "virtio/block/spec.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

using Kind = BlockOperation::Kind;

spec::BlockRequestHeader header_of(std::uint32_t type, std::uint64_t offset) {
    return spec::BlockRequestHeader{type, std::uint32_t{0}, offset / spec::kSectorSize};
}

spec::BlockRangeSegment range_of(const BlockOperation& operation) {
    const bool may_unmap = operation.kind() == Kind::WriteZeroes && operation.may_unmap();
    return spec::BlockRangeSegment{
        operation.offset() / spec::kSectorSize,
        static_cast<std::uint32_t>(operation.size_left() / spec::kSectorSize),
        may_unmap ? spec::kBlockSegmentUnmap : 0};
}

std::uint64_t range_size(const BlockOperation& operation) {
    return operation.kind() == Kind::WriteZeroes || operation.kind() == Kind::Discard
               ? operation.size_left()
               : 0;
}

}  // namespace

void RingRequests::begin(std::span<ShadowRing> rings, std::span<const EventFd> kicks,
                         Abilities abilities) {
    abilities_ = abilities;
    lanes_.clear();
    for (std::size_t index = 0; index < rings.size(); ++index) {
        lanes_.push_back(
            Lane{&rings[index], &kicks[index], std::vector<Flight>(rings[index].entries()), false});
    }
}

void RingRequests::end() {
    const std::vector<Lane> lanes = std::exchange(lanes_, {});
    in_flight_ = 0;
    next_lane_ = 0;
    lost_writes_ = lost_writes_ || written_ != flushed_;
    flushed_ = written_;
    for (const Lane& lane : lanes) {
        for (const Flight& flight : lane.flights) {
            if (flight.operation != nullptr) {
                flight.operation->complete(BlockEngine::kLost);
            }
        }
    }
}

bool RingRequests::has_before(std::uint64_t count) const {
    return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
        return std::any_of(lane.flights.begin(), lane.flights.end(), [&](const Flight& flight) {
            return flight.operation != nullptr && flight.number < count;
        });
    });
}

RingRequests::Lane* RingRequests::free_lane() {
    for (std::size_t tried = 0; tried < lanes_.size(); ++tried) {
        Lane& lane = lanes_[next_lane_];
        next_lane_ = (next_lane_ + 1) % lanes_.size();
        if (lane.ring->has_room()) {
            return &lane;
        }
    }
    return nullptr;
}

void RingRequests::submit(BlockOperation& operation) {
    Lane* const lane = free_lane();
    const std::size_t buffers = operation.buffers().size();
    const bool is_flush = operation.kind() == Kind::Flush;
    if (lane == nullptr) {
        answer_later(operation, BlockEngine::kLost);
    } else if (flush_failed_ && (is_flush || needs_flush(operation))) {
        answer_later(operation, EIO);
    } else if (is_flush && std::exchange(lost_writes_, false)) {
        answer_later(operation, EIO);
    } else if (is_flush && !abilities_.flush) {
        answer_later(operation, 0);
    } else if ((operation.kind() == Kind::Discard && !abilities_.discard) ||
               (operation.kind() == Kind::WriteZeroes && !abilities_.write_zeroes)) {
        answer_later(operation, EOPNOTSUPP);
    } else if (buffers > lane->ring->buffers_max() ||
               (range_size(operation) == 0 && operation.size_left() > kTransferMax)) {
        answer_later(operation, EIO);
    } else {
        put(*lane, operation);
    }
}

void RingRequests::put(Lane& lane, BlockOperation& operation) {
    Flight flight{&operation, count_++, written_, false};
    ++in_flight_;
    std::uint16_t number = 0;
    switch (operation.kind()) {
        case Kind::Flush: put_flush(lane, flight); return;
        case Kind::Read:
            number = lane.ring->put(header_of(spec::kBlockRead, operation.offset()),
                                    operation.buffers(), true);
            break;
        case Kind::Write:
            number = lane.ring->put(header_of(spec::kBlockWrite, operation.offset()),
                                    operation.buffers(), false);
            break;
        case Kind::Discard:
            number = lane.ring->put_range(header_of(spec::kBlockDiscard, 0), range_of(operation));
            break;
        case Kind::WriteZeroes:
            number =
                lane.ring->put_range(header_of(spec::kBlockWriteZeroes, 0), range_of(operation));
            break;
    }
    lane.flights[number] = flight;
    lane.is_dirty = true;
}

void RingRequests::put_flush(Lane& lane, Flight flight) {
    const std::uint16_t number = lane.ring->put(header_of(spec::kBlockFlush, 0), {}, false);
    lane.flights[number] = flight;
    lane.is_dirty = true;
}

void RingRequests::answer_later(BlockOperation& operation, int error_number) {
    operation.step_result = error_number;
    answered_.push(operation);
}

Result<> RingRequests::reap() {
    for (Lane& lane : lanes_) {
        while (const auto finished = SISKIN_TRY(lane.ring->take())) {
            on_returned(lane, *finished);
        }
    }
    return {};
}

bool RingRequests::needs_flush(const BlockOperation& operation) const {
    return operation.durable() && abilities_.flush && operation.kind() != Kind::Flush;
}

void RingRequests::on_returned(Lane& lane, ShadowRing::Finished finished) {
    Flight flight = std::exchange(lane.flights[finished.number], Flight{});
    BlockOperation& operation = *flight.operation;
    const bool ok = finished.status == spec::kBlockStatusOk;
    if (ok && !flight.is_flushing && needs_flush(operation)) {
        flight.is_flushing = true;
        flight.covers = written_;
        put_flush(lane, flight);
        return;
    }
    --in_flight_;
    const bool is_flush = flight.is_flushing || operation.kind() == Kind::Flush;
    if (ok) {
        note_done(operation, flight);
    } else {
        flush_failed_ = flush_failed_ || is_flush;
    }
    operation.complete(ok ? 0 : EIO);
}

void RingRequests::note_done(const BlockOperation& operation, const Flight& flight) {
    if (flight.is_flushing || operation.kind() == Kind::Flush) {
        flushed_ = std::max(flushed_, flight.covers);
    } else if (abilities_.flush &&
               (operation.kind() == Kind::Write || operation.kind() == Kind::WriteZeroes)) {
        ++written_;  // what was discarded may be anything
    }
}

void RingRequests::finish_turn() {
    for (Lane& lane : lanes_) {
        if (std::exchange(lane.is_dirty, false) && lane.ring->publish()) {
            lane.kick->signal();
        }
    }
    while (BlockOperation* const operation = answered_.pop()) {
        operation->complete(static_cast<int>(operation->step_result));
    }
}

}  // namespace siskin
