// SPDX-License-Identifier: Apache-2.0
// BlockLanes.
#include "virtio/block/block_lanes.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/text.h"

namespace siskin {

BlockLanes::Lane::Lane(IoThread& its_thread, std::unique_ptr<ThrottledEngine> engine, EventFd idle,
                       BlockShared& shared, std::span<BlockCounters> counters,
                       BlockErrorSink* errors)
    : thread(&its_thread),
      throttle(*engine),
      io(std::move(engine), std::move(idle), shared, counters, errors) {}

Result<std::unique_ptr<BlockLanes>> BlockLanes::create(BlockNode& node, const BlockThreads& threads,
                                                       std::uint16_t queue_size,
                                                       BlockShared& shared,
                                                       std::span<BlockCounters> counters,
                                                       BlockErrorSink* errors) {
    if (threads.threads.size() > 1 && node.limits().one_engine) {
        return fail(concat("block node '", node.name(), "' has one connection, its disk has ",
                           threads.threads.size(), " I/O threads, allowed is 1"));
    }
    std::unique_ptr<BlockLanes> lanes(new BlockLanes(shared));
    lanes->lane_of_queue_ = threads.thread_of_queue;
    lanes->lane_of_queue_.resize(counters.size());
    for (std::size_t index = 0; index < threads.threads.size(); ++index) {
        const auto queues =
            std::count(lanes->lane_of_queue_.begin(), lanes->lane_of_queue_.end(), index);
        auto nodes_engine =
            SISKIN_TRY(node.create_engine(static_cast<std::size_t>(queues) * queue_size));
        auto engine = SISKIN_TRY(ThrottledEngine::create(std::move(nodes_engine)));
        EventFd idle = SISKIN_TRY(EventFd::create());
        lanes->lanes_.push_back(std::make_unique<Lane>(*threads.threads[index], std::move(engine),
                                                       std::move(idle), shared, counters, errors));
    }
    return lanes;
}

BlockLanes::Lane& BlockLanes::lane_of(QueueIndex queue) {
    return *lanes_[lane_of_queue_[queue.value()]];
}

void BlockLanes::post_to_all(const std::function<void(BlockIo&, IoLoop&)>& work) {
    for (const auto& lane : lanes_) {
        lane->post([&io = lane->io, work](IoLoop& loop) { work(io, loop); });
    }
}

void BlockLanes::post_to_all(const std::function<void(BlockIo&, IoLoop&, Done)>& work, Done done) {
    auto left = std::make_shared<std::atomic<std::size_t>>(lanes_.size());
    const Done one_done = [left, done = std::move(done)] {
        if (left->fetch_sub(1) == 1) {
            done();
        }
    };
    post_to_all([work, one_done](BlockIo& io, IoLoop& loop) { work(io, loop, one_done); });
}

void BlockLanes::lend_memory(const std::shared_ptr<const GuestMemory>& memory) {
    for (const auto& lane : lanes_) {
        lane->throttle.lend_memory(memory);
    }
}

void BlockLanes::activate(ActiveQueues queues, DeviceHost& host) {
    std::vector<std::shared_ptr<ActiveQueues>> parts;
    for (std::size_t index = 0; index < lanes_.size(); ++index) {
        parts.push_back(std::make_shared<ActiveQueues>(ActiveQueues{queues.accepted, {}}));
    }
    for (ActiveQueue& queue : queues.queues) {
        parts[lane_of_queue_[queue.index.value()]]->queues.push_back(std::move(queue));
    }
    // Nobody has anything to say about the last activation any more.
    host_.transport = &host;
    shared_.broken.store(false);
    for (std::size_t index = 0; index < lanes_.size(); ++index) {
        lanes_[index]->post([this, &io = lanes_[index]->io, part = parts[index]](IoLoop& loop) {
            io.activate(loop, std::move(*part), host_);
        });
    }
}

// On the thread that broke. Only a lane without another moves, so the threads stay the same.
void BlockLanes::Host::needs_reset(std::string_view reason) {
    lanes_.shared_.broken.store(true);
    if (lanes_.lanes_.size() > 1) {
        lanes_.post_to_all([](BlockIo& io, IoLoop&) { io.follow_others(); });
    }
    transport->needs_reset(reason);
}

void BlockLanes::deactivate(Done done) {
    post_to_all([](BlockIo& io, IoLoop& loop, Done one) { io.deactivate(loop, std::move(one)); },
                std::move(done));
}

void BlockLanes::reset_queue(QueueIndex index, Done done) {
    Lane& lane = lane_of(index);
    lane.post(
        [&lane, index, done = std::move(done)](IoLoop&) { lane.io.reset_queue(index, done); });
}

void BlockLanes::enable_queue(ActiveQueue queue) {
    Lane& lane = lane_of(queue.index);
    auto moved = std::make_shared<ActiveQueue>(std::move(queue));
    lane.post([&lane, moved](IoLoop&) { lane.io.enable_queue(std::move(*moved)); });
}

void BlockLanes::pause(Done done) {
    for (const auto& lane : lanes_) {
        lane->allowed.store(false);
    }
    post_to_all([](BlockIo& io, IoLoop&, Done one) { io.pause(std::move(one)); }, std::move(done));
}

void BlockLanes::hold(Done done) {
    post_to_all([](BlockIo& io, IoLoop&, Done one) { io.hold_still(std::move(one)); },
                std::move(done));
}

void BlockLanes::let_go() {
    post_to_all([](BlockIo& io, IoLoop&) { io.let_go(); });
}

void BlockLanes::allow_transfers(bool allowed) {
    for (const auto& lane : lanes_) {
        lane->allowed.store(allowed);
        lane->allow_transfers();
    }
}

void BlockLanes::Lane::allow_transfers() {
    quiet.store(false);
    if (change_posted.exchange(true)) {
        return;  // it will see what is allowed now
    }
    post([this](IoLoop&) {
        change_posted.store(false);
        if (allowed.load()) {
            io.resume();
        } else {
            quiet.store(false);
            io.pause([this] { quiet.store(true); });
        }
    });
}

void BlockLanes::Lane::post(IoThread::Work work) {
    if (between_threads) {
        waiting.push_back(std::move(work));
    } else {
        thread->post(std::move(work));
    }
}

void BlockLanes::move_to(IoThread& thread, MachineLock& lock) {
    Lane& lane = *lanes_.front();
    // Shared: who sets it may still be inside it when the wait is over.
    const auto still = std::make_shared<std::promise<void>>();
    hold([still] { still->set_value(); });
    still->get_future().wait();

    const auto left = std::make_shared<std::promise<bool>>();
    {
        const MutexLock locked(lock);
        lane.post([&io = lane.io, left](IoLoop&) { left->set_value(io.leave()); });
        lane.between_threads = true;
    }
    const bool active = left->get_future().get();

    const MutexLock locked(lock);
    lane.thread = &thread;
    lane.between_threads = false;
    lane.post([&io = lane.io, active](IoLoop& loop) {
        if (active) {
            io.join(loop);
        }
        io.let_go();
    });
    for (IoThread::Work& work : std::exchange(lane.waiting, {})) {
        lane.post(std::move(work));
    }
}

bool BlockLanes::is_quiet() const {
    return std::all_of(lanes_.begin(), lanes_.end(),
                       [](const auto& lane) { return lane->quiet.load(); });
}

void BlockLanes::tell_config_changed() {
    // One of them has the driver's ear.
    Lane& lane = *lanes_.front();
    lane.post([&lane](IoLoop&) { lane.io.tell_config_changed(); });
}

void BlockLanes::set_capacity(ByteCount capacity) {
    Lane& lane = *lanes_.front();
    lane.post([&lane, capacity](IoLoop&) { lane.io.set_capacity(capacity); });
}

void BlockLanes::set_throttle_group(const std::shared_ptr<ThrottleGroup>& group) {
    for (const auto& lane : lanes_) {
        lane->post([&throttle = lane->throttle, group](IoLoop&) { throttle.set_group(group); });
    }
}

void BlockLanes::begin_with_throttle_group(const std::shared_ptr<ThrottleGroup>& group) {
    for (const auto& lane : lanes_) {
        lane->throttle.set_group(group);
    }
}

void BlockLanes::drain() {
    for (const auto& lane : lanes_) {
        lane->thread->run_and_wait([](IoLoop&) {});
    }
}

std::uint64_t BlockLanes::held_operations() const {
    std::uint64_t sum = 0;
    for (const auto& lane : lanes_) {
        sum += lane->throttle.held_operations();
    }
    return sum;
}

std::uint64_t BlockLanes::held_ns() const {
    std::uint64_t sum = 0;
    for (const auto& lane : lanes_) {
        sum += lane->throttle.held_ns();
    }
    return sum;
}

}  // namespace siskin
