// SPDX-License-Identifier: Apache-2.0
// FileAccess: an open disk file as its engines see it, with the memory of a failed flush.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "base/fd.h"
#include "devices/block/block_operation.h"
#include "devices/block/sync_turn.h"

namespace siskin {

// What direct I/O (O_DIRECT) asks of a request; both are powers of two, 1 where it is not used.
struct DirectAlignment {
    std::uint32_t memory = 1;   // the addresses of its buffers
    std::uint32_t request = 1;  // its offset, its size and the sizes of its buffers
    bool one_buffer = false;    // no more than one
};

// Any thread.
struct FileAccess {
    Fd file;
    // Bytes that can be read; the capacity rounds it up to a sector.
    std::uint64_t readable_end = 0;
    // Whether room may be given back to the host (`discard=unmap`).
    bool unmap = false;
    // Flushes do nothing (`cache.no-flush`).
    bool no_flush = false;
    DirectAlignment direct;
    // Guest memory is pinned for io_uring (`x-siskin-fixed-buffers`).
    bool fixed_buffers = false;
    // The first error of fdatasync(2), or 0. Linux tells an error once and drops the dirty pages,
    // so a later call that succeeds proves nothing; every flush after the first error fails.
    std::atomic<int> flush_error{0};
    SyncTurn sync_turn;

    // The result of an fdatasync(2), as it may be reported.
    [[nodiscard]] std::int64_t sync_result(std::int64_t result) {
        if (result < 0 && result != -EINTR && result != -EAGAIN) {
            int none = 0;
            flush_error.compare_exchange_strong(none, static_cast<int>(-result));
        }
        const int failed = flush_error.load();
        return failed != 0 ? -failed : result;
    }
};

// One call of the steps PunchHole, ZeroRange and BlockDiscard, on this thread: 0 or more, or minus
// errno.
[[nodiscard]] std::int64_t run_range_step(const FileAccess& file, const BlockOperation& operation);
// What fallocate(2) is told for PunchHole and ZeroRange.
[[nodiscard]] int allocation_mode(BlockOperation::Step step);

}  // namespace siskin
