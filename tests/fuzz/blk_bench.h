// SPDX-License-Identifier: Apache-2.0
// BlkBench: a block device on a disk in memory, its well-behaved driver, and what is done beside
// the requests; it checks that none is lost, comes back twice, or is touched after a reset.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "devices/block/throttled_engine.h"
#include "tests/fuzz/device_io.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/harness/driver_ring.h"
#include "tests/harness/loop_wake.h"
#include "tests/harness/test_guest.h"
#include "tests/unit/virtio/memory_disk.h"
#include "virtio/block/block_io.h"

namespace siskin {

// An engine that can lose its disk, as that of a back end in another process does.
class FickleEngine final : public EngineFilter {
public:
    FickleEngine(std::unique_ptr<BlockEngine> inner, MemoryDisk& disk)
        : EngineFilter(std::move(inner)), disk_(disk) {}

    [[nodiscard]] bool is_available() const override { return is_available_; }
    void set_listener(BlockEngineListener* listener) override { listener_ = listener; }
    // What comes all the same is handed back, too.
    void submit(BlockOperation& operation) override {
        inner().submit(operation);
        if (!is_available_) {
            disk_.hand_back();
        }
    }
    void lose() {
        is_available_ = false;
        listener_->on_availability_changed();
        disk_.hand_back();
    }
    void find() {
        disk_.let_go();
        is_available_ = true;
        listener_->on_availability_changed();
    }

private:
    MemoryDisk& disk_;
    BlockEngineListener* listener_ = nullptr;
    bool is_available_ = true;
};

class NotingHost final : public DeviceHost {
public:
    void needs_reset(std::string_view) override { is_broken = true; }
    void guest_error(std::string_view) override {}
    bool is_broken = false;
};

class CountingInterrupt final : public DriverInterrupt {
public:
    void signal() override { ++count; }
    std::size_t count = 0;
};

// One queue as the driver knows it.
struct Side {
    enum class State { Served, Leaving, Gone };

    std::unique_ptr<DriverRing> ring;
    EventFd kick = *EventFd::create();
    CountingInterrupt interrupt;
    std::size_t interrupts_seen = 0;
    State state = State::Gone;
    std::set<std::uint16_t> offered;
    std::vector<DriverBuffer> places;  // the ring and what was offered in it
    std::vector<std::uint8_t> after;   // their bytes, when the queue had gone
};

enum class Wait { No, Waiting, Reached };

// The device begins active. Whatever is broken aborts.
class BlkBench {
public:
    explicit BlkBench(FuzzInput& input);

    void offer(FuzzInput& input);
    void turn();
    void pause();
    void resume();
    // Or, where it holds still already, changes the size, moves, and lets go.
    void hold_still(FuzzInput& input);
    void limit(FuzzInput& input);
    void hold_disk(FuzzInput& input);
    void lose_or_find_disk();
    void switch_cache(bool on) { shared_.writeback = on; }
    // From now on the host's loop can not watch the disk, or can.
    void refuse_attach(bool refuses) { disk_.refuse_attach = refuses; }
    // The node has another size on its own account: larger.
    void tell_capacity();
    // Or, where it has gone, enables another.
    void reset_queue(FuzzInput& input);
    void reset();
    // All is let go: what was offered to queues that were not reset comes back.
    void end();

private:
    [[nodiscard]] std::unique_ptr<BlockEngine> make_engine();
    [[nodiscard]] ActiveQueue make_queue(std::uint16_t index);
    [[nodiscard]] std::vector<std::uint8_t> bytes_of(const Side& side) const;
    // The device may touch nothing of it from now on.
    void note_gone(Side& side) const;
    // Some operations of the disk fail, or are interrupted, or end early.
    void break_disk(FuzzInput& input);
    [[nodiscard]] bool is_settled() const;
    [[nodiscard]] bool is_quiet() const {
        return pause_ == Wait::Reached || still_ == Wait::Reached || end_ == Wait::Reached;
    }

    void let_go();
    void move();
    void activate();
    void deactivate();

    TestGuest guest_;
    RingFormat format_;
    MemoryDisk disk_;
    std::array<IoLoop, 2> loops_{*IoLoop::create(), *IoLoop::create()};
    std::array<test::LoopWake, 2> wakes_{test::LoopWake(loops_[0]), test::LoopWake(loops_[1])};
    std::size_t loop_ = 0;
    NotingHost host_;
    BlockShared shared_;
    std::array<BlockCounters, 2> counters_;
    std::array<Side, 2> sides_;
    std::shared_ptr<ThrottleGroup> group_;
    ThrottledEngine* throttle_ = nullptr;
    FickleEngine* fickle_ = nullptr;
    BlockIo io_;
    Wait pause_ = Wait::No;
    Wait still_ = Wait::No;
    Wait end_ = Wait::Reached;  // of the device; it begins with none active
};

}  // namespace siskin
