// SPDX-License-Identifier: Apache-2.0
// ThreadEngine and its threads.
#include "devices/block/thread_engine.h"

#include <cerrno>
#include <span>
#include <utility>

#include <sys/uio.h>
#include <unistd.h>

namespace siskin {
namespace {

// The operation's bounce buffer where it has one.
std::span<const iovec> step_buffers(const BlockOperation& operation) {
    return operation.bounce.iov_base != nullptr ? std::span<const iovec>(&operation.bounce, 1)
                                                : operation.buffers();
}

std::int64_t run_step(FileAccess& file, const BlockOperation& operation) {
    const auto buffers = step_buffers(operation);
    const int fd = file.file.get();
    const auto offset = static_cast<off_t>(operation.offset());
    std::int64_t result = 0;
    switch (operation.step()) {
        case BlockOperation::Step::Read:
            result = ::preadv(fd, buffers.data(), static_cast<int>(buffers.size()), offset);
            return result < 0 ? -errno : result;
        case BlockOperation::Step::Write:
            result = ::pwritev(fd, buffers.data(), static_cast<int>(buffers.size()), offset);
            return result < 0 ? -errno : result;
        case BlockOperation::Step::Sync:
            file.sync_turn.wait_and_take();
            if (file.flush_error.load() == 0 && !file.no_flush) {
                result = ::fdatasync(fd) < 0 ? -errno : 0;
            }
            result = file.sync_result(result);
            file.sync_turn.give_back();
            return result;
        case BlockOperation::Step::PunchHole:
        case BlockOperation::Step::ZeroRange:
        case BlockOperation::Step::BlockDiscard: return run_range_step(file, operation);
        case BlockOperation::Step::Nothing: return 0;
    }
    return -EINVAL;
}

}  // namespace

// Nothing is in flight, so the thread is not inside a call of the host.
ThreadEngine::Worker::~Worker() {
    thread_->run_and_wait([this](IoLoop& loop) { loop.remove(wake_up_.get(), *this); });
}

Result<> ThreadEngine::Worker::start() {
    Result<> added;
    thread_->run_and_wait([&](IoLoop& loop) { added = loop.add(wake_up_.get(), *this); });
    return added;
}

void ThreadEngine::Worker::give(BlockOperation& operation) {
    ++load;
    SISKIN_ASSERT(given_.push(&operation));  // load was below kGivenMax
    wake_up_.signal();
}

void ThreadEngine::Worker::on_ready() {
    [[maybe_unused]] const auto count = wake_up_.take();
    while (void* const pointer = given_.pop()) {
        auto& operation = *static_cast<BlockOperation*>(pointer);
        operation.step_result = run_step(engine_.file_, operation);
        SISKIN_ASSERT(engine_.done_.push(&operation));  // it holds all that workers can have
        engine_.done_event_.signal();
    }
}

Result<std::unique_ptr<BlockEngine>> ThreadEngine::create(FileAccess& file) {
    BounceBuffers bounce = SISKIN_TRY(BounceBuffers::create(file.direct));
    EventFd done = SISKIN_TRY(EventFd::create());
    std::unique_ptr<ThreadEngine> engine(
        new ThreadEngine(file, std::move(bounce), std::move(done)));
    SISKIN_TRY(engine->start_workers());
    return std::unique_ptr<BlockEngine>(std::move(engine));
}

ThreadEngine::ThreadEngine(FileAccess& file, BounceBuffers bounce, EventFd done)
    : file_(file), bounce_(std::move(bounce)), done_event_(std::move(done)) {}

// The threads use the other members.
ThreadEngine::~ThreadEngine() {
    for (auto& worker : workers_) {
        worker.reset();
    }
}

Result<> ThreadEngine::start_workers() {
    for (auto& worker : workers_) {
        EventFd wake_up = SISKIN_TRY(EventFd::create());
        auto started = std::make_unique<Worker>(*this, std::move(wake_up),
                                                SISKIN_TRY(IoThread::create("block I/O")));
        SISKIN_TRY(started->start());
        worker = std::move(started);
    }
    return {};
}

Result<> ThreadEngine::attach(IoLoop& loop) {
    return loop.add(done_event_.get(), *this);
}

void ThreadEngine::detach(IoLoop& loop) {
    loop.remove(done_event_.get(), *this);
}

void ThreadEngine::submit(BlockOperation& operation) {
    if (!file_.unmap) {
        operation.forbid_unmap();
    }
    queue(operation);
}

void ThreadEngine::queue(BlockOperation& operation) {
    BlockOperationList& list =
        operation.step() == BlockOperation::Step::Sync ? syncs_waiting_ : transfers_waiting_;
    list.push(operation);
    give_waiting(list);
}

void ThreadEngine::give_waiting(BlockOperationList& list) {
    while (!list.empty() && workers_[worker_for(*list.front())]->load < kGivenMax) {
        BlockOperation& operation = *list.pop();
        if (bounce_.take(operation)) {
            operation.worker = worker_for(operation);
            workers_[operation.worker]->give(operation);
        }
    }
}

// The one for syncs, or that of the others with the least to do.
std::size_t ThreadEngine::worker_for(const BlockOperation& operation) const {
    std::size_t best = operation.step() == BlockOperation::Step::Sync ? 0 : 1;
    for (std::size_t index = best + 1; best != 0 && index < workers_.size(); ++index) {
        best = workers_[index]->load < workers_[best]->load ? index : best;
    }
    return best;
}

void ThreadEngine::on_ready() {
    [[maybe_unused]] const auto count = done_event_.take();
    while (void* const pointer = done_.pop()) {
        auto& operation = *static_cast<BlockOperation*>(pointer);
        --workers_[operation.worker]->load;
        const std::int64_t result =
            bounce_.give_back(operation, operation.step_result, file_.readable_end);
        if (BlockOperation* const next = bounce_.next_waiting()) {
            queue(*next);
        }
        if (operation.advance(result, file_.readable_end)) {
            operation.complete(operation.error());
        } else {
            queue(operation);
        }
    }
    give_waiting(syncs_waiting_);
    give_waiting(transfers_waiting_);
}

}  // namespace siskin
