// SPDX-License-Identifier: Apache-2.0
// FixedBuffers: guest memory that an io_uring keeps pinned (io_uring_register_buffers(3)).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <sys/uio.h>

#include "base/memory/guest_memory.h"

struct io_uring;

namespace siskin {

// Thread: the ring's.
class FixedBuffers {
public:
    static constexpr std::size_t kPieceMax = std::size_t{1} << 30U;  // the kernel's bound
    static constexpr std::size_t kPiecesMax = 1024;

    // Pins all of it, and so fills it; for as long as the ring is there. 0, or an errno value:
    // then nothing is pinned (ENOMEM: RLIMIT_MEMLOCK; E2BIG: more than kPiecesMax pieces).
    [[nodiscard]] int pin(io_uring& ring, std::shared_ptr<const GuestMemory> memory);

    // The number of the piece that holds all of the buffer, if there is one.
    [[nodiscard]] std::optional<int> index_of(const iovec& buffer) const;

private:
    std::shared_ptr<const GuestMemory> memory_;  // its mappings stay
    std::vector<iovec> pieces_;                  // sorted by address
};

}  // namespace siskin
