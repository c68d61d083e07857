// SPDX-License-Identifier: Apache-2.0
// BlkBench.
#include "tests/fuzz/blk_bench.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "devices/block/zero_detector.h"
#include "virtio/block/spec.h"

namespace siskin {
namespace {

constexpr std::uint64_t kDiskSize = 16 * 1024;
constexpr std::uint16_t kQueueSize = 16;
constexpr int kTurnsMax = 64;  // in which all comes to its end
constexpr std::uint8_t kNoStatus = 0xee;

}  // namespace

std::unique_ptr<BlockEngine> BlkBench::make_engine() {
    auto fickle = std::make_unique<FickleEngine>(*disk_.create_engine(2 * kQueueSize), disk_);
    fickle_ = fickle.get();
    auto throttle =
        *ThrottledEngine::create(std::make_unique<ZeroDetector>(std::move(fickle), disk_.unmap));
    throttle_ = throttle.get();
    return throttle;
}

BlkBench::BlkBench(FuzzInput& input)
    : format_(input.flip() ? RingFormat::Packed : RingFormat::Split),
      disk_(kDiskSize),
      io_((disk_.unmap = input.flip(), make_engine()), *EventFd::create(), shared_, counters_,
          nullptr) {
    if (input.flip()) {
        for (IoLoop& loop : loops_) {
            loop.set_poll_limits(PollLimits{std::chrono::microseconds(20)});
        }
    }
    shared_.limits = BlockLimits{ByteCount{kDiskSize}, 512, false, true, true, 100, 50};
    shared_.may_unmap = disk_.unmap;
    shared_.writeback = input.flip();
    constexpr std::array kPolicies{BlockOnError::Report, BlockOnError::Stop, BlockOnError::Enospc,
                                   BlockOnError::Ignore};
    shared_.on_read_error = input.flip() ? BlockOnError::Stop : BlockOnError::Report;
    shared_.on_write_error = kPolicies[input.pick(kPolicies.size())];
    if (input.flip()) {
        break_disk(input);
    }
    activate();
}

void BlkBench::break_disk(FuzzInput& input) {
    constexpr std::array kErrors{ENOSPC, EIO, EOPNOTSUPP, ENOTTY, EAGAIN, EINTR};
    for (int some = 0; some < 2; ++some) {
        const auto first = static_cast<unsigned>(input.take(1) % 32);
        const int error_number = kErrors[input.pick(kErrors.size())];
        const unsigned more = error_number == EINTR ? BlockOperation::kRetriesMax + 4 : 3;
        for (unsigned count = 1 + input.take(1) % more; count != 0; --count) {
            disk_.fail_operation(first + count, error_number);
        }
    }
    disk_.transfer_max = 1 + input.take(2);
}

ActiveQueue BlkBench::make_queue(std::uint16_t index) {
    Side& side = sides_[index];
    const std::uint64_t begin = guest_.next_free();
    side.ring = std::make_unique<DriverRing>(guest_, format_, kQueueSize);
    side.places = {{begin, static_cast<std::uint32_t>(guest_.next_free() - begin), true}};
    side.offered.clear();
    side.state = Side::State::Served;
    return ActiveQueue{QueueIndex{index}, side.ring->device_side(), side.kick, side.interrupt};
}

std::vector<std::uint8_t> BlkBench::bytes_of(const Side& side) const {
    std::vector<std::uint8_t> all;
    for (const DriverBuffer& place : side.places) {
        const auto bytes = guest_.bytes(place.address, place.length);
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
}

void BlkBench::note_gone(Side& side) const {
    side.state = Side::State::Gone;
    side.after = bytes_of(side);
}

// Some are of a length or at a place that is refused.
void BlkBench::offer(FuzzInput& input) {
    const std::uint64_t choice = input.take(1);
    Side& side = sides_[choice & 1U];
    if (side.state != Side::State::Served) {
        return;
    }
    constexpr std::array kTypes{virtio_spec::kBlockRead,    virtio_spec::kBlockWrite,
                                virtio_spec::kBlockWrite,   virtio_spec::kBlockFlush,
                                virtio_spec::kBlockDiscard, virtio_spec::kBlockWriteZeroes,
                                virtio_spec::kBlockGetId,   virtio_spec::kBlockRead};
    const std::uint32_t type = kTypes[choice >> 1U & 7U];
    const std::uint64_t sector = input.take(1) % (kDiskSize / 512 + 1);
    const bool is_range =
        type == virtio_spec::kBlockDiscard || type == virtio_spec::kBlockWriteZeroes;
    const auto size = static_cast<std::uint32_t>(type == virtio_spec::kBlockFlush   ? 0
                                                 : type == virtio_spec::kBlockGetId ? 20
                                                 : is_range                         ? 16
                                                            : 512 * (1 + (choice >> 4U & 3U)));
    const std::uint64_t at = guest_.allocate(16 + size + 1);
    guest_.write(at, virtio_spec::BlockRequestHeader{type, 0U, is_range ? 0 : sector});
    if (is_range) {
        guest_.write(at + 16, virtio_spec::BlockRangeSegment{
                                  sector, static_cast<std::uint32_t>(choice >> 4U & 3U),
                                  choice >> 7U != 0 ? 1U : 0U});
    } else if (type == virtio_spec::kBlockWrite && choice >> 6U != 0) {
        guest_.fill(at + 16, size, static_cast<std::uint8_t>(choice));
    }
    guest_.write(at + 16 + size, kNoStatus);
    const bool reads = type == virtio_spec::kBlockRead || type == virtio_spec::kBlockGetId;
    std::vector<DriverBuffer> buffers{{at, 16, false}};
    if (size != 0) {
        buffers.push_back({at + 16, size, reads});
    }
    buffers.push_back({at + 16 + size, 1, true});
    if (const auto id = side.ring->offer(buffers)) {
        require(side.offered.insert(*id).second);
        side.places.push_back({at, 16 + size + 1, true});
        side.kick.signal();
    }
}

void BlkBench::turn() {
    const bool was_quiet = is_quiet();
    const std::size_t done_before = disk_.log_size();
    wakes_[loop_].wake();
    loops_[loop_].run_one_turn();
    if (was_quiet) {
        require(disk_.log_size() == done_before && disk_.waiting() == 0);
    }
    for (Side& side : sides_) {
        if (side.state == Side::State::Gone) {
            require(side.after == bytes_of(side));
            continue;
        }
        bool is_used = false;
        while (const auto used = side.ring->take_used()) {
            require(side.offered.erase(used->id) == 1);
            is_used = true;
        }
        require(!is_used || side.interrupt.count != side.interrupts_seen);
        side.interrupts_seen = side.interrupt.count;
    }
}

void BlkBench::pause() {
    pause_ = Wait::Waiting;
    io_.pause([this] {
        if (pause_ == Wait::Waiting) {
            require(disk_.waiting() == 0);
            pause_ = Wait::Reached;
        }
    });
}

void BlkBench::resume() {
    pause_ = Wait::No;
    io_.resume();
}

void BlkBench::hold_still(FuzzInput& input) {
    if (still_ == Wait::Reached) {
        const std::uint64_t choice = input.take(1);
        if ((choice & 1U) != 0) {
            disk_.bytes.resize(kDiskSize - (choice >> 4U) * 512);
            shared_.limits.capacity = disk_.capacity();
        }
        if ((choice & 2U) != 0) {
            move();
        }
        let_go();
    } else if (still_ == Wait::No) {
        still_ = Wait::Waiting;
        io_.hold_still([this] {
            require(disk_.waiting() == 0);
            still_ = Wait::Reached;
        });
    }
}

void BlkBench::let_go() {
    still_ = Wait::No;
    io_.let_go();
}

void BlkBench::move() {
    const bool is_active = io_.leave();
    require(is_active == (end_ != Wait::Reached && !host_.is_broken));
    loop_ = 1 - loop_;
    if (is_active) {
        io_.join(loops_[loop_]);
    }
}

// A limit that lets one go, and the next one a second later.
void BlkBench::limit(FuzzInput& input) {
    const std::uint64_t choice = input.take(1);
    ThrottleLimits limits;
    limits
        .of((choice & 4U) != 0 ? ThrottleUnit::Bytes : ThrottleUnit::Requests,
            (choice & 8U) != 0 ? ThrottleScope::Write : ThrottleScope::Total)
        .average = 1;
    switch (choice & 3U) {
        case 0:
            group_ = std::make_shared<ThrottleGroup>("slow");
            group_->configure(limits);
            throttle_->set_group(group_);
            break;
        case 1: throttle_->set_group(nullptr); break;
        case 2:
            if (group_ != nullptr) {
                group_->configure(limits);
            }
            break;
        default:
            if (group_ != nullptr) {
                group_->configure({});
            }
    }
}

void BlkBench::hold_disk(FuzzInput& input) {
    const std::uint64_t choice = input.take(1);
    switch (choice & 3U) {
        case 0: disk_.hold(); break;
        case 1: disk_.let_go(static_cast<std::int64_t>(choice >> 2U & 3U)); break;
        case 2: disk_.hand_back(); break;
        default:
            disk_.let_go();
            if (choice >> 6U == 0) {
                disk_.bytes.resize(kDiskSize / 2);  // cut by somebody else
            }
    }
}

void BlkBench::tell_capacity() {
    io_.set_capacity(disk_.capacity());
    io_.tell_config_changed();
}

void BlkBench::reset_queue(FuzzInput& input) {
    const auto index = static_cast<std::uint16_t>(input.take(1) & 1U);
    Side& side = sides_[index];
    if (end_ != Wait::No || side.state == Side::State::Leaving) {
        return;
    }
    if (side.state == Side::State::Gone) {
        io_.enable_queue(make_queue(index));
        return;
    }
    side.state = Side::State::Leaving;
    io_.reset_queue(QueueIndex{index}, [this, &side] { note_gone(side); });
}

void BlkBench::activate() {
    end_ = Wait::No;
    host_.is_broken = false;
    ActiveQueues queues;
    queues.queues.push_back(make_queue(0));
    queues.queues.push_back(make_queue(1));
    io_.activate(loops_[loop_], std::move(queues), host_);
}

void BlkBench::lose_or_find_disk() {
    if (fickle_->is_available()) {
        fickle_->lose();
    } else if (disk_.waiting() == 0) {
        fickle_->find();
    }
}

void BlkBench::deactivate() {
    end_ = Wait::Waiting;
    io_.deactivate(loops_[loop_], [this] {
        require(disk_.waiting() == 0);
        end_ = Wait::Reached;
        for (Side& side : sides_) {
            note_gone(side);
        }
    });
}

void BlkBench::reset() {
    if (end_ == Wait::Reached) {
        activate();
    } else if (end_ == Wait::No) {
        deactivate();
    }
}

bool BlkBench::is_settled() const {
    return std::all_of(sides_.begin(), sides_.end(), [&](const Side& side) {
        return side.state == Side::State::Gone ||
               (side.state == Side::State::Served && (side.offered.empty() || host_.is_broken));
    });
}

void BlkBench::end() {
    throttle_->set_group(nullptr);
    disk_.bytes.resize(kDiskSize);
    disk_.let_go();
    for (int count = 0; count < kTurnsMax &&
                        (still_ == Wait::Waiting || end_ == Wait::Waiting || disk_.waiting() != 0);
         ++count) {
        turn();
        disk_.let_go();
    }
    require(still_ != Wait::Waiting && end_ != Wait::Waiting && disk_.waiting() == 0);
    if (!fickle_->is_available()) {
        fickle_->find();
    }
    if (still_ == Wait::Reached) {
        let_go();
    }
    // Not without need: it would start again what was forgotten.
    for (int count = 0; count < kTurnsMax && !is_settled(); ++count) {
        if (pause_ != Wait::No || shared_.stop_error.load() != 0) {
            resume();
        }
        turn();
    }
    require(is_settled());
    turn();  // nothing comes twice
    if (end_ == Wait::No) {
        deactivate();
        turn();
    }
    require(end_ == Wait::Reached);
}

}  // namespace siskin
