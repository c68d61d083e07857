// SPDX-License-Identifier: Apache-2.0
// BlockLanes: the I/O of one disk on one or several I/O threads, each with its queues and an engine
// of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bus/machine_lock.h"
#include "base/loop/io_thread.h"
#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/throttled_engine.h"
#include "virtio/block/block_io.h"

namespace siskin {

// Which thread serves which queue. The threads outlive the device.
struct BlockThreads {
    std::vector<IoThread*> threads;            // at least one, none twice
    std::vector<std::size_t> thread_of_queue;  // empty: the first one serves all
};

// What is asked here is posted to the threads, in order. Thread: under MachineLock, but for what
// says otherwise.
class BlockLanes {
public:
    using Done = std::function<void()>;

    // `queue_size` is that of each of the `shared`'s queues, one counter each. Errors: the node has
    // one engine only and there are several threads; the host cannot do I/O on it.
    [[nodiscard]] static Result<std::unique_ptr<BlockLanes>> create(
        BlockNode& node, const BlockThreads& threads, std::uint16_t queue_size, BlockShared& shared,
        std::span<BlockCounters> counters, BlockErrorSink* errors);

    // BlockEngine::lend_memory(), before the first activate().
    void lend_memory(const std::shared_ptr<const GuestMemory>& memory);
    void activate(ActiveQueues queues, DeviceHost& host);
    // Each `done` is called once, when all threads are done, on one of them.
    void deactivate(Done done);
    void reset_queue(QueueIndex index, Done done);
    void enable_queue(ActiveQueue queue);
    void pause(Done done);
    void hold(Done done);
    void let_go();
    // The last word counts; is_quiet() once nothing is in flight after a no. Any thread.
    void allow_transfers(bool allowed);
    [[nodiscard]] bool is_quiet() const;
    [[nodiscard]] std::size_t size() const { return lanes_.size(); }
    void tell_config_changed();
    // Of a node that has one engine, and so one thread.
    void set_capacity(ByteCount capacity);
    void set_throttle_group(const std::shared_ptr<ThrottleGroup>& group);
    // The same while nothing was ever asked of the threads, so at once.
    void begin_with_throttle_group(const std::shared_ptr<ThrottleGroup>& group);
    // The one lane there is goes to another thread, with what is in flight finished first; what is
    // asked meanwhile waits for its arrival. Thread: VM loop, not under `lock`.
    void move_to(IoThread& thread, MachineLock& lock);
    // Waits until the threads have done what they were asked for. Not on one of them.
    void drain();

    // Requests that had to wait for limits, and for how long all together. Any thread.
    [[nodiscard]] std::uint64_t held_operations() const;
    [[nodiscard]] std::uint64_t held_ns() const;

private:
    struct Lane {
        Lane(IoThread& its_thread, std::unique_ptr<ThrottledEngine> engine, EventFd idle,
             BlockShared& shared, std::span<BlockCounters> counters, BlockErrorSink* errors);
        void allow_transfers();
        // In order, on the thread the lane is on then.
        void post(IoThread::Work work);

        IoThread* thread;
        bool between_threads = false;
        std::vector<IoThread::Work> waiting;  // posted while between two threads
        ThrottledEngine& throttle;            // owned by io
        std::atomic<bool> allowed{true};
        std::atomic<bool> change_posted{false};
        std::atomic<bool> quiet{true};
        BlockIo io;  // the thread's
    };

    // In between: what breaks one thread's queues stops those of the others.
    class Host final : public DeviceHost {
    public:
        explicit Host(BlockLanes& lanes) : lanes_(lanes) {}
        void needs_reset(std::string_view reason) override;
        void config_changed() override { transport->config_changed(); }
        void guest_error(std::string_view reason) override { transport->guest_error(reason); }

        DeviceHost* transport = nullptr;  // of the activation

    private:
        BlockLanes& lanes_;
    };

    explicit BlockLanes(BlockShared& shared) : shared_(shared) {}
    [[nodiscard]] Lane& lane_of(QueueIndex queue);
    void post_to_all(const std::function<void(BlockIo&, IoLoop&)>& work);
    // `work` calls what it is given; the last call calls `done`.
    void post_to_all(const std::function<void(BlockIo&, IoLoop&, Done)>& work, Done done);

    BlockShared& shared_;
    Host host_{*this};
    std::vector<std::size_t> lane_of_queue_;
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace siskin
