// SPDX-License-Identifier: Apache-2.0
// UringEngine over liburing, whose header stays in this file.
#include "devices/block/uring_engine.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include <liburing.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "devices/block/bounce_buffers.h"
#include "devices/block/fixed_buffers.h"

namespace siskin {
namespace {

// Entries of the submission ring: a turn that collects more makes one more system call.
constexpr unsigned kSubmissionsMax = 128;

// Larger ones are done in pieces, as short transfers are.
unsigned one_size(std::span<const iovec> buffers) {
    constexpr std::size_t kPieceMax = std::size_t{1} << 30U;
    return static_cast<unsigned>(std::min(buffers[0].iov_len, kPieceMax));
}

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
    [[nodiscard]] int open(std::size_t operations_max, int file) {
        io_uring_params parameters{};
        // The completion ring holds all that can be in flight, so it never overflows.
        parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        parameters.cq_entries =
            static_cast<unsigned>(std::max<std::size_t>(operations_max, kSubmissionsMax));
        const int result = ::io_uring_queue_init_params(kSubmissionsMax, &ring_, &parameters);
        open_ = result == 0;
        // The kernel then need not look the descriptor up for each request; without it all is well.
        file_ = open_ && ::io_uring_register_files(&ring_, &file, 1) == 0 ? kFileRegistered : file;
        return -result;
    }
    // Pins what they are of, and so fills it, for as long as the ring is there. 0, or an errno
    // value (ENOMEM: RLIMIT_MEMLOCK).
    [[nodiscard]] int pin(const FixedBuffers& buffers) {
        const std::vector<iovec>& pieces = buffers.pieces();
        return pieces.size() > FixedBuffers::kPiecesMax
                   ? E2BIG
                   : -::io_uring_register_buffers(&ring_, pieces.data(),
                                                  static_cast<unsigned>(pieces.size()));
    }
    [[nodiscard]] io_uring* get() { return &ring_; }
    // What entries name as their file; and told to the kernel which kind of name that is.
    [[nodiscard]] int file() const { return file_ == kFileRegistered ? 0 : file_; }
    void name_file(io_uring_sqe& entry) const {
        if (file_ == kFileRegistered) {
            entry.flags |= IOSQE_FIXED_FILE;
        }
    }

private:
    static constexpr int kFileRegistered = -1;

    io_uring ring_{};
    int file_ = kFileRegistered;
    bool open_ = false;
};

// One sync runs at a time; those that come meanwhile share the next one. So an error that Linux
// tells only one of two concurrent callers is told to both, and a flush always begins after the
// writes that completed before it (virtio 1.2 §5.2.6.2).
class Engine final : public BlockEngine, private IoSource, private IoTurnEnd, private IoPoller {
public:
    Engine(FileAccess& file, std::unique_ptr<Ring> ring, EventFd turn, BounceBuffers bounce)
        : file_(file),
          ring_(std::move(ring)),
          turn_(*this, std::move(turn)),
          bounce_(std::move(bounce)) {}

    [[nodiscard]] Result<> attach(IoLoop& loop) override;
    void detach(IoLoop& loop) override;
    void submit(BlockOperation& operation) override;
    void lend_memory(const std::shared_ptr<const GuestMemory>& memory) override {
        lent_ = file_.fixed_buffers ? memory : nullptr;
    }
    [[nodiscard]] std::string_view name() const override { return "io_uring"; }

private:
    // Another engine of this file has finished its sync.
    class Turn final : public IoSource {
    public:
        Turn(Engine& engine, EventFd wake_up) : event(std::move(wake_up)), engine_(engine) {}
        void on_ready() override {
            [[maybe_unused]] const auto count = event.take();
            engine_.loop_->want_turn_end(engine_);
        }

        EventFd event;

    private:
        Engine& engine_;
    };

    void on_ready() override { reap(); }
    void on_turn_end() override;
    void begin_polling() override {}
    bool poll() override { return reap(); }
    void end_polling() override {}
    // Puts what waits into the ring. False: there was no room for all of it.
    [[nodiscard]] bool submit_waiting();
    // Takes what the kernel has done. False: nothing.
    bool reap();
    void queue(BlockOperation& operation);
    void prepare(BlockOperation& operation, std::span<iovec> buffers);
    void prepare_transfer(io_uring_sqe& entry, const BlockOperation& operation,
                          std::span<iovec> buffers);
    void pin_what_was_lent();
    [[nodiscard]] bool prepare_sync();
    void on_result(void* tag, std::int64_t result);
    void finish_or_queue(BlockOperation& operation, std::int64_t result);
    void on_sync_result(std::int64_t result);

    FileAccess& file_;
    std::unique_ptr<Ring> ring_;
    Turn turn_;
    BounceBuffers bounce_;
    std::shared_ptr<const GuestMemory> lent_;  // until it was tried to pin it
    FixedBuffers fixed_;
    IoLoop* loop_ = nullptr;            // while attached
    BlockOperationList waiting_;        // reads and writes not yet in the ring
    BlockOperationList syncs_waiting_;  // for the next sync
    BlockOperationList syncs_running_;  // those the running sync is for
    bool sync_in_flight_ = false;
};

Result<> Engine::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(ring_->get()->ring_fd, *this));
    if (auto added = loop.add(turn_.event.get(), turn_); !added) {
        loop.remove(ring_->get()->ring_fd, *this);
        return added;
    }
    loop.add_poller(*this);
    loop_ = &loop;
    pin_what_was_lent();
    return {};
}

void Engine::detach(IoLoop& loop) {
    file_.sync_turn.forget(turn_.event);
    loop_ = nullptr;
    loop.remove_poller(*this);
    loop.forget_turn_end(*this);
    loop.remove(turn_.event.get(), turn_);
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
    loop_->want_turn_end(*this);
}

void Engine::pin_what_was_lent() {
    if (lent_ == nullptr) {
        return;
    }
    FixedBuffers buffers(std::exchange(lent_, nullptr));
    const int error = ring_->pin(buffers);
    if (error == 0) {
        fixed_ = std::move(buffers);
    } else {
        log::warning(concat("x-siskin-fixed-buffers: guest memory is not pinned (",
                            errno_text(error), "), requests go on without"));
    }
}

void Engine::prepare_transfer(io_uring_sqe& entry, const BlockOperation& operation,
                              std::span<iovec> buffers) {
    const bool reads = operation.step() == BlockOperation::Step::Read;
    const int fd = ring_->file();
    const std::uint64_t offset = operation.offset();
    if (buffers.size() != 1) {
        const auto count = static_cast<unsigned>(buffers.size());
        if (reads) {
            ::io_uring_prep_readv(&entry, fd, buffers.data(), count, offset);
        } else {
            ::io_uring_prep_writev(&entry, fd, buffers.data(), count, offset);
        }
        return;
    }
    void* const data = buffers[0].iov_base;
    const unsigned size = one_size(buffers);
    if (const auto index = fixed_.index_of(buffers[0])) {
        if (reads) {
            ::io_uring_prep_read_fixed(&entry, fd, data, size, offset, *index);
        } else {
            ::io_uring_prep_write_fixed(&entry, fd, data, size, offset, *index);
        }
    } else if (reads) {
        ::io_uring_prep_read(&entry, fd, data, size, offset);
    } else {
        ::io_uring_prep_write(&entry, fd, data, size, offset);
    }
}

void Engine::prepare(BlockOperation& operation, std::span<iovec> buffers) {
    io_uring_sqe* const entry = ::io_uring_get_sqe(ring_->get());
    switch (operation.step()) {
        case BlockOperation::Step::Read:
        case BlockOperation::Step::Write:
            prepare_transfer(*entry, operation, buffers);
            ring_->name_file(*entry);
            break;
        case BlockOperation::Step::PunchHole:
        case BlockOperation::Step::ZeroRange:
            ::io_uring_prep_fallocate(entry, ring_->file(), allocation_mode(operation.step()),
                                      static_cast<off_t>(operation.offset()),
                                      static_cast<off_t>(operation.length()));
            ring_->name_file(*entry);
            break;
        case BlockOperation::Step::BlockDiscard:  // one piece when it comes back, see on_result()
        case BlockOperation::Step::Nothing:
        case BlockOperation::Step::Sync: ::io_uring_prep_nop(entry); break;
    }
    ::io_uring_sqe_set_data(entry, &operation);
}

bool Engine::prepare_sync() {
    if (::io_uring_sq_space_left(ring_->get()) == 0) {
        return false;
    }
    if (!file_.sync_turn.take(turn_.event)) {
        return true;  // turn_ wakes us
    }
    io_uring_sqe* const entry = ::io_uring_get_sqe(ring_->get());
    if (file_.no_flush) {
        ::io_uring_prep_nop(entry);
    } else {
        ::io_uring_prep_fsync(entry, ring_->file(), IORING_FSYNC_DATASYNC);
        ring_->name_file(*entry);
    }
    ::io_uring_sqe_set_data(entry, nullptr);
    syncs_running_ = std::exchange(syncs_waiting_, BlockOperationList());
    sync_in_flight_ = true;
    return true;
}

bool Engine::submit_waiting() {
    while (!waiting_.empty() && ::io_uring_sq_space_left(ring_->get()) != 0) {
        BlockOperation* const operation = waiting_.pop();
        if (const auto buffers = bounce_.take(*operation)) {
            prepare(*operation, *buffers);
        }
    }
    bool room = waiting_.empty();
    if (room && !sync_in_flight_ && !syncs_waiting_.empty()) {
        room = prepare_sync();
    }
    if (::io_uring_sq_ready(ring_->get()) != 0) {
        [[maybe_unused]] const int submitted = ::io_uring_submit(ring_->get());
        loop_->forget_time();
    }
    // The kernel was short of memory (EAGAIN), interrupted or had no room.
    return room && ::io_uring_sq_ready(ring_->get()) == 0;
}

void Engine::on_turn_end() {
    if (!submit_waiting()) {
        loop_->want_turn_end(*this);  // once more next turn
    }
    // What the host had in memory is done already, and the driver hears of it in this turn.
    reap();
}

bool Engine::reap() {
    bool found = false;
    io_uring_cqe* entry = nullptr;
    while (::io_uring_peek_cqe(ring_->get(), &entry) == 0 && entry != nullptr) {
        void* const tag = ::io_uring_cqe_get_data(entry);
        const std::int64_t result = entry->res;
        ::io_uring_cqe_seen(ring_->get(), entry);
        on_result(tag, result);
        found = true;
    }
    return found;
}

void Engine::on_result(void* tag, std::int64_t result) {
    if (tag == nullptr) {
        result = file_.sync_result(result);
        file_.sync_turn.give_back();
        on_sync_result(result);
        return;
    }
    auto& operation = *static_cast<BlockOperation*>(tag);
    // io_uring has no BLKDISCARD before Linux 6.12; between two pieces others have their turn.
    if (operation.step() == BlockOperation::Step::BlockDiscard) {
        result = run_range_step(file_, operation);
    }
    result = bounce_.give_back(operation, result, file_.readable_end);
    if (BlockOperation* const next = bounce_.next_waiting()) {
        queue(*next);
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
    if (!syncs_waiting_.empty()) {
        loop_->want_turn_end(*this);
    }
}

}  // namespace

Result<std::unique_ptr<BlockEngine>> UringEngine::create(FileAccess& file,
                                                         std::size_t operations_max,
                                                         UringUnavailable& unavailable) {
    auto ring = std::make_unique<Ring>();
    const int error = ring->open(operations_max, file.file.get());
    if (error == ENOSYS || error == EPERM || error == ENOMEM) {
        unavailable.error_number = error;
        return std::unique_ptr<BlockEngine>();
    }
    if (error != 0) {
        return fail_errno("could not create an io_uring", error);
    }
    EventFd turn = SISKIN_TRY(EventFd::create());
    BounceBuffers bounce = SISKIN_TRY(BounceBuffers::create(file.direct));
    return std::unique_ptr<BlockEngine>(
        std::make_unique<Engine>(file, std::move(ring), std::move(turn), std::move(bounce)));
}

}  // namespace siskin
