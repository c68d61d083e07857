// SPDX-License-Identifier: Apache-2.0
// The calls in between.
#include "tests/harness/host_calls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <thread>

#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace siskin::test {
namespace {

using Call = HostCalls::Call;

// io_uring_enter(2): a no-op whose result is the entry's length. Younger than Debian 12's headers.
constexpr __u32 kNopInjectResult = 1;

// What was cut short, until the entry was submitted.
constexpr std::size_t kCutMax = 64;
thread_local std::array<iovec, kCutMax> cut_buffers;
thread_local std::size_t cut_count = 0;

void become_result(io_uring_sqe& entry, std::int64_t result) {
    const __u64 user_data = entry.user_data;
    entry = io_uring_sqe{};
    entry.opcode = IORING_OP_NOP;
    entry.rw_flags = kNopInjectResult;
    entry.len = static_cast<__u32>(static_cast<std::int32_t>(result));
    entry.user_data = user_data;
}

void cut_short(io_uring_sqe& entry, std::int64_t size) {
    if (entry.opcode == IORING_OP_READ || entry.opcode == IORING_OP_WRITE) {
        entry.len = static_cast<__u32>(std::min<std::int64_t>(entry.len, size));
        return;
    }
    iovec& cut = cut_buffers.at(cut_count++ % kCutMax);
    cut = *reinterpret_cast<const iovec*>(entry.addr);
    cut.iov_len = std::min(cut.iov_len, static_cast<std::size_t>(size));
    entry.addr = reinterpret_cast<__u64>(&cut);
    entry.len = 1;
}

std::optional<Call> call_of(const io_uring_sqe& entry) {
    switch (entry.opcode) {
        case IORING_OP_READ:
        case IORING_OP_READV: return Call::Read;
        case IORING_OP_WRITE:
        case IORING_OP_WRITEV: return Call::Write;
        case IORING_OP_FSYNC: return Call::Sync;
        default: return std::nullopt;
    }
}

void pass(io_uring_sqe& entry) {
    const auto call = call_of(entry);
    if (!call) {
        return;
    }
    if (*call == Call::Sync) {
        HostCalls::get().sync_begins();
    }
    const auto answer =
        HostCalls::get().take_answer(*call, *call == Call::Sync ? 0 : std::uint64_t{entry.off});
    if (answer && (*answer < 0 || *call == Call::Sync)) {
        become_result(entry, *answer);
    } else if (answer) {
        cut_short(entry, *answer);
    }
}

// The two points around a call.
class Points {
public:
    Points() { HostCalls::get().at_point(); }
    ~Points() { HostCalls::get().at_point(); }
    Points(const Points&) = delete;
    Points& operator=(const Points&) = delete;
};

using Submit = int (*)(io_uring*);

// So that there are two points at each entry. The number of those the kernel took, or minus errno.
int submit_one_by_one(io_uring* ring, Submit submit) {
    const unsigned end = ring->sq.sqe_tail;
    if (ring->sq.sqe_head == end) {
        return submit(ring);  // what the kernel did not take before
    }
    int taken = 0;
    while (ring->sq.sqe_head != end) {
        const Points points;
        ring->sq.sqe_tail = ring->sq.sqe_head + 1;
        const int result = submit(ring);
        ring->sq.sqe_tail = end;
        if (result <= 0) {
            return taken != 0 ? taken : result;
        }
        taken += result;
    }
    return taken;
}

ssize_t transfer(Call call, long number, int fd, const iovec* buffers, int count, off_t offset) {
    const Points points;
    const auto place = static_cast<std::uint64_t>(offset);
    std::this_thread::sleep_for(HostCalls::get().take_delay(call, place));
    const auto answer = HostCalls::get().take_answer(call, place);
    if (answer && *answer < 0) {
        errno = static_cast<int>(-*answer);
        return -1;
    }
    iovec first = buffers[0];
    if (answer) {
        first.iov_len = std::min(first.iov_len, static_cast<std::size_t>(*answer));
        return ::syscall(number, fd, &first, 1, offset, 0);
    }
    return ::syscall(number, fd, buffers, count, offset, 0);
}

}  // namespace

HostCalls& HostCalls::get() {
    static HostCalls calls;
    return calls;
}

void HostCalls::reset() {
    const std::lock_guard hold(mutex_);
    answers_.clear();
    delays_.clear();
    observer_ = nullptr;
    skip_syncs_ = false;
}

void HostCalls::answer(Call call, std::uint64_t offset, std::int64_t result, unsigned count) {
    const std::lock_guard hold(mutex_);
    answers_[Key{call, offset}] = Answer{result, count};
}

void HostCalls::skip_syncs() {
    const std::lock_guard hold(mutex_);
    skip_syncs_ = true;
}

void HostCalls::delay(Call call, std::uint64_t offset, std::chrono::milliseconds duration) {
    const std::lock_guard hold(mutex_);
    delays_[Key{call, offset}] = duration;
}

void HostCalls::on_sync_begin(std::function<void()> observer) {
    const std::lock_guard hold(mutex_);
    observer_ = std::move(observer);
}

std::optional<std::int64_t> HostCalls::take_answer(Call call, std::uint64_t offset) {
    const std::lock_guard hold(mutex_);
    const auto found = answers_.find(Key{call, offset});
    if (found == answers_.end()) {
        return call == Call::Sync && skip_syncs_ ? std::optional<std::int64_t>(0) : std::nullopt;
    }
    const std::int64_t result = found->second.result;
    if (--found->second.count == 0) {
        answers_.erase(found);
    }
    return result;
}

std::chrono::milliseconds HostCalls::take_delay(Call call, std::uint64_t offset) {
    const std::lock_guard hold(mutex_);
    const auto found = delays_.find(Key{call, offset});
    if (found == delays_.end()) {
        return std::chrono::milliseconds(0);
    }
    const auto duration = found->second;
    delays_.erase(found);
    return duration;
}

void HostCalls::sync_begins() {
    std::function<void()> observer;
    {
        const std::lock_guard hold(mutex_);
        observer = observer_;
    }
    if (observer) {
        observer();
    }
}

bool HostCalls::can_answer_uring() {
    io_uring ring{};
    if (::io_uring_queue_init(2, &ring, 0) != 0) {
        return false;
    }
    become_result(*::io_uring_get_sqe(&ring), -EDQUOT);
    io_uring_cqe* completion = nullptr;
    const bool can = ::io_uring_submit(&ring) == 1 &&
                     ::io_uring_wait_cqe(&ring, &completion) == 0 && completion->res == -EDQUOT;
    ::io_uring_queue_exit(&ring);
    return can;
}

}  // namespace siskin::test

extern "C" {

using siskin::test::HostCalls;

ssize_t preadv(int fd, const iovec* buffers, int count, off_t offset) {
    return siskin::test::transfer(HostCalls::Call::Read, SYS_preadv, fd, buffers, count, offset);
}

ssize_t pwritev(int fd, const iovec* buffers, int count, off_t offset) {
    return siskin::test::transfer(HostCalls::Call::Write, SYS_pwritev, fd, buffers, count, offset);
}

int fdatasync(int fd) {
    const siskin::test::Points points;
    HostCalls::get().sync_begins();
    const auto answer = HostCalls::get().take_answer(HostCalls::Call::Sync, 0);
    if (answer && *answer < 0) {
        errno = static_cast<int>(-*answer);
        return -1;
    }
    return answer ? 0 : static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
    const siskin::test::Points points;
    return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, size));
}

int io_uring_submit(io_uring* ring) {
    for (unsigned at = ring->sq.sqe_head; at != ring->sq.sqe_tail; ++at) {
        siskin::test::pass(ring->sq.sqes[at & *ring->sq.kring_mask]);
    }
    using siskin::test::Submit;
    static const auto submit = reinterpret_cast<Submit>(::dlsym(RTLD_NEXT, "io_uring_submit"));
    return HostCalls::get().has_point_observer() ? siskin::test::submit_one_by_one(ring, submit)
                                                 : submit(ring);
}
}
