// SPDX-License-Identifier: Apache-2.0
// UringEngine over liburing, whose header stays in this file.
#include "devices/block/uring_engine.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <liburing.h>

#include "base/fd.h"

namespace siskin {
namespace {

// Entries of the submission ring: a turn that collects more makes one more system call.
constexpr unsigned kSubmissionsMax = 128;

class Ring {
public:
    ~Ring() {
        if (open_) {
            ::io_uring_queue_exit(&ring_);
        }
    }
    Ring() = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    // 0, or an errno value.
    [[nodiscard]] int open(std::size_t operations_max) {
        io_uring_params parameters{};
        // The completion ring holds all that can be in flight, so it never overflows.
        parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        parameters.cq_entries =
            static_cast<unsigned>(std::max<std::size_t>(operations_max, kSubmissionsMax));
        const int result = ::io_uring_queue_init_params(kSubmissionsMax, &ring_, &parameters);
        open_ = result == 0;
        return -result;
    }
    [[nodiscard]] io_uring* get() { return &ring_; }

private:
    io_uring ring_{};
    bool open_ = false;
};

// One sync runs at a time; those that come meanwhile share the next one. So an error that Linux
// tells only one of two concurrent callers is told to both, and a flush always begins after the
// writes that completed before it (virtio 1.2 §5.2.6.2).
class Engine final : public BlockEngine, private IoSource, private IoTurnEnd {
public:
    Engine(FileAccess& file, std::unique_ptr<Ring> ring, EventFd again)
        : file_(file), ring_(std::move(ring)), again_(std::move(again)) {}

    [[nodiscard]] Result<> attach(IoLoop& loop) override;
    void detach(IoLoop& loop) override;
    void submit(BlockOperation& operation) override;
    [[nodiscard]] std::string_view name() const override { return "io_uring"; }

private:
    // Wakes the loop for submissions the kernel had no room for.
    class Again final : public IoSource {
    public:
        explicit Again(EventFd wake_up) : event(std::move(wake_up)) {}
        void on_ready() override { [[maybe_unused]] const auto count = event.take(); }

        EventFd event;
    };

    void on_ready() override;
    void on_turn_end() override;
    void queue(BlockOperation& operation);
    [[nodiscard]] bool prepare(BlockOperation& operation);
    [[nodiscard]] bool prepare_sync();
    void on_result(void* tag, std::int64_t result);
    void finish_or_queue(BlockOperation& operation, std::int64_t result);
    void on_sync_result(std::int64_t result);

    FileAccess& file_;
    std::unique_ptr<Ring> ring_;
    Again again_;
    BlockOperationList waiting_;        // reads and writes not yet in the ring
    BlockOperationList syncs_waiting_;  // for the next sync
    BlockOperationList syncs_running_;  // those the running sync is for
    bool sync_in_flight_ = false;
};

Result<> Engine::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(ring_->get()->ring_fd, *this));
    if (auto added = loop.add(again_.event.get(), again_); !added) {
        loop.remove(ring_->get()->ring_fd, *this);
        return added;
    }
    loop.add_turn_end(*this);
    return {};
}

void Engine::detach(IoLoop& loop) {
    loop.remove_turn_end(*this);
    loop.remove(again_.event.get(), again_);
    loop.remove(ring_->get()->ring_fd, *this);
}

void Engine::submit(BlockOperation& operation) {
    if (!file_.unmap) {
        operation.forbid_unmap();
    }
    queue(operation);
}

void Engine::queue(BlockOperation& operation) {
    (operation.step() == BlockOperation::Step::Sync ? syncs_waiting_ : waiting_).push(operation);
}

bool Engine::prepare(BlockOperation& operation) {
    io_uring_sqe* const entry = ::io_uring_get_sqe(ring_->get());
    if (entry == nullptr) {
        return false;
    }
    const auto buffers = operation.buffers();
    const auto count = static_cast<unsigned>(buffers.size());
    const int fd = file_.file.get();
    switch (operation.step()) {
        case BlockOperation::Step::Read:
            ::io_uring_prep_readv(entry, fd, buffers.data(), count, operation.offset());
            break;
        case BlockOperation::Step::Write:
            ::io_uring_prep_writev(entry, fd, buffers.data(), count, operation.offset());
            break;
        case BlockOperation::Step::PunchHole:
        case BlockOperation::Step::ZeroRange:
            ::io_uring_prep_fallocate(entry, fd, allocation_mode(operation.step()),
                                      static_cast<off_t>(operation.offset()),
                                      static_cast<off_t>(operation.length()));
            break;
        case BlockOperation::Step::BlockDiscard:  // one piece when it comes back, see on_result()
        case BlockOperation::Step::Nothing:
        case BlockOperation::Step::Sync: ::io_uring_prep_nop(entry); break;
    }
    ::io_uring_sqe_set_data(entry, &operation);
    return true;
}

bool Engine::prepare_sync() {
    io_uring_sqe* const entry = ::io_uring_get_sqe(ring_->get());
    if (entry == nullptr) {
        return false;
    }
    ::io_uring_prep_fsync(entry, file_.file.get(), IORING_FSYNC_DATASYNC);
    ::io_uring_sqe_set_data(entry, nullptr);
    syncs_running_ = std::exchange(syncs_waiting_, BlockOperationList());
    sync_in_flight_ = true;
    return true;
}

void Engine::on_turn_end() {
    bool room = true;
    while (room && !waiting_.empty()) {
        BlockOperation* const operation = waiting_.front();
        room = prepare(*operation);
        if (room) {
            [[maybe_unused]] BlockOperation* const taken = waiting_.pop();
        }
    }
    if (room && !sync_in_flight_ && !syncs_waiting_.empty()) {
        room = prepare_sync();
    }
    if (::io_uring_sq_ready(ring_->get()) != 0) {
        [[maybe_unused]] const int submitted = ::io_uring_submit(ring_->get());
    }
    // The kernel was short of memory (EAGAIN), interrupted or had no room: once more next turn.
    if (!room || ::io_uring_sq_ready(ring_->get()) != 0) {
        again_.event.signal();
    }
}

void Engine::on_ready() {
    io_uring_cqe* entry = nullptr;
    while (::io_uring_peek_cqe(ring_->get(), &entry) == 0 && entry != nullptr) {
        void* const tag = ::io_uring_cqe_get_data(entry);
        const std::int64_t result = entry->res;
        ::io_uring_cqe_seen(ring_->get(), entry);
        on_result(tag, result);
    }
}

void Engine::on_result(void* tag, std::int64_t result) {
    if (tag == nullptr) {
        on_sync_result(file_.sync_result(result));
        return;
    }
    auto& operation = *static_cast<BlockOperation*>(tag);
    // io_uring has no BLKDISCARD before Linux 6.12; between two pieces others have their turn.
    if (operation.step() == BlockOperation::Step::BlockDiscard) {
        result = run_range_step(file_, operation);
    }
    finish_or_queue(operation, result);
}

void Engine::finish_or_queue(BlockOperation& operation, std::int64_t result) {
    if (operation.advance(result, file_.readable_end)) {
        operation.complete(operation.error());
    } else {
        queue(operation);
    }
}

void Engine::on_sync_result(std::int64_t result) {
    sync_in_flight_ = false;
    BlockOperationList done = std::exchange(syncs_running_, BlockOperationList());
    while (BlockOperation* const operation = done.pop()) {
        finish_or_queue(*operation, result);
    }
}

}  // namespace

Result<std::unique_ptr<BlockEngine>> UringEngine::create(FileAccess& file,
                                                         std::size_t operations_max,
                                                         UringUnavailable& unavailable) {
    auto ring = std::make_unique<Ring>();
    const int error = ring->open(operations_max);
    if (error == ENOSYS || error == EPERM || error == ENOMEM) {
        unavailable.error_number = error;
        return std::unique_ptr<BlockEngine>();
    }
    if (error != 0) {
        return fail_errno("could not create an io_uring", error);
    }
    EventFd again = SISKIN_TRY(EventFd::create());
    return std::unique_ptr<BlockEngine>(
        std::make_unique<Engine>(file, std::move(ring), std::move(again)));
}

}  // namespace siskin
