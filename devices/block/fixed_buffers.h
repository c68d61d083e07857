// SPDX-License-Identifier: Apache-2.0
// FixedBuffers: guest memory in the pieces that an io_uring keeps pinned
// (io_uring_register_buffers(3)).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <sys/uio.h>

#include "base/memory/guest_memory.h"

namespace siskin {

// Thread: the ring's.
class FixedBuffers {
public:
    static constexpr std::size_t kPieceMax = std::size_t{1} << 30U;  // the kernel's bound
    static constexpr std::size_t kPiecesMax = 1024;

    // Of nothing.
    FixedBuffers() = default;
    explicit FixedBuffers(std::shared_ptr<const GuestMemory> memory);

    // To be registered in this order.
    [[nodiscard]] const std::vector<iovec>& pieces() const { return pieces_; }
    // The number of the piece that holds all of the buffer, if there is one.
    [[nodiscard]] std::optional<int> index_of(const iovec& buffer) const;

private:
    std::shared_ptr<const GuestMemory> memory_;  // its mappings stay
    std::vector<iovec> pieces_;                  // sorted by address
};

}  // namespace siskin
