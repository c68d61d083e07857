// SPDX-License-Identifier: Apache-2.0
// RingModel.
#include "tests/harness/ring_model.h"

#include <algorithm>

#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint64_t kData = 0x8000;  // below what TestGuest hands out
constexpr std::uint32_t kSizeMax = 0x4000;

}  // namespace

RingModel::RingModel(RingFormat format, std::uint16_t size, bool event_index, bool in_order)
    : format_(format),
      size_(size),
      event_index_(event_index),
      in_order_(in_order),
      chain_(size),
      descriptors_(size) {
    start_over();
}

void RingModel::start_over() {
    guest_.start_over();
    driver_ = std::make_unique<DriverRing>(guest_, format_, size_);
    FeatureSet accepted{spec::kFeatureRingIndirectDesc};
    if (event_index_) {
        accepted.add(spec::kFeatureRingEventIdx);
    }
    if (in_order_) {
        accepted.add(spec::kFeatureInOrder);
    }
    queue_.emplace(driver_->device_side(accepted));
    tables_ = guest_.next_free();
    available_.clear();
    in_flight_.clear();
    shown_.clear();
    next_size_ = 1;
    used_ = taken_ = decided_ = event_ = 0;
    never_ = false;
    if (event_index_) {
        driver_->want_interrupt_after(0);
    }
}

void RingModel::reuse_tables() {
    if (available_.empty()) {
        guest_.give_back(tables_);
    }
}

bool RingModel::take(Step step) {
    switch (step) {
        case Step::OfferOne: return offer(1, false);
        case Step::OfferTwo: return offer(2, false);
        case Step::OfferTable: return offer(std::min<std::size_t>(2, size_), true);
        case Step::Pop: return pop();
        case Step::FinishFirst: finish(0); return true;
        case Step::FinishLast: finish(in_flight_.size()); return true;
        case Step::TakeUsed: return take_used();
        case Step::WantAtOnce: want(true); return true;
        case Step::WantLater: want(false); return true;
        case Step::Decide: return decide();
        case Step::Listen:
            queue_->disable_notification();
            return queue_->enable_notification() == !available_.empty();
    }
    return false;
}

bool RingModel::offer(std::size_t count, bool indirect) {
    const std::uint32_t size = next_size_;
    std::vector<DriverBuffer> buffers(count, DriverBuffer{kData, size, true});
    const std::size_t needed = indirect ? 1 : count;
    const bool has_room = driver_->free_descriptors() >= needed;
    const auto id = indirect ? driver_->offer_indirect(buffers) : driver_->offer(buffers);
    if (!id) {
        return !has_room;
    }
    next_size_ = next_size_ % kSizeMax + 1;
    available_.push_back(
        Offered{*id, static_cast<std::uint32_t>(size * count), static_cast<std::uint16_t>(needed)});
    return true;
}

bool RingModel::pop() {
    const Popped popped = queue_->pop(chain_);
    if (available_.empty()) {
        return popped.outcome == Popped::Outcome::Empty;
    }
    const Offered offered = available_.front();
    available_.pop_front();
    descriptors_[offered.id] = offered.descriptors;
    in_flight_.push_back(InFlight{popped.head, offered.id, offered.size});
    return popped.outcome == Popped::Outcome::Chain && popped.head.id == offered.id &&
           total_size(chain_.writable()) == offered.size && chain_.readable().empty();
}

// The first that is not finished, or the last before `place` that is not.
void RingModel::finish(std::size_t place) {
    const auto is_open = [](const InFlight& buffer) { return !buffer.finished; };
    const auto first = std::find_if(in_flight_.begin(), in_flight_.end(), is_open);
    const auto last = std::find_if(in_flight_.rbegin(), in_flight_.rend(), is_open);
    if (first == in_flight_.end()) {
        return;
    }
    InFlight& buffer = place == 0 ? *first : *last;
    buffer.finished = true;
    queue_->push_used(buffer.head, buffer.size);
    if (!in_order_) {
        show(buffer);
        std::erase_if(in_flight_, [](const InFlight& one) { return one.finished; });
    }
    while (in_order_ && !in_flight_.empty() && in_flight_.front().finished) {
        show(in_flight_.front());
        in_flight_.erase(in_flight_.begin());
    }
}

void RingModel::show(const InFlight& buffer) {
    shown_.push_back(DriverRing::Used{buffer.id, buffer.size});
    used_ += format_ == RingFormat::Packed ? descriptors_[buffer.id] : 1U;
}

bool RingModel::take_used() {
    const auto used = driver_->take_used();
    if (shown_.empty()) {
        return !used.has_value();
    }
    const DriverRing::Used expected = shown_.front();
    shown_.pop_front();
    taken_ += format_ == RingFormat::Packed ? descriptors_[expected.id] : 1U;
    return used && *used == expected;
}

void RingModel::want(bool at_once) {
    if (event_index_) {
        const auto ahead = static_cast<std::uint16_t>(at_once ? 0 : 1);
        driver_->want_interrupt_after(ahead);
        event_ = taken_ + ahead;
        return;
    }
    never_ = !at_once;
    if (at_once) {
        driver_->want_interrupts();
    } else {
        driver_->want_no_interrupts();
    }
}

bool RingModel::decide() {
    const bool said = queue_->should_notify();
    const std::uint64_t before = std::exchange(decided_, used_);
    if (!event_index_) {
        return said == (used_ != before && !never_);
    }
    const bool due = before <= event_ && event_ < used_;
    // Indices come round again: an event of an earlier round, or of the next one, may look due.
    const auto period =
        static_cast<std::int64_t>(format_ == RingFormat::Packed ? 2U * size_ : 65536U);
    const auto behind = static_cast<std::int64_t>(used_ - 1 - event_) % period;
    const bool may_alias = (behind + period) % period < static_cast<std::int64_t>(used_ - before);
    return said == due || (said && may_alias);
}

}  // namespace siskin
