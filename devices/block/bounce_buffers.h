// SPDX-License-Identifier: Apache-2.0
// BounceBuffers: aligned memory that stands in for the guest's where direct I/O cannot use that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/mapping.h"
#include "base/result.h"
#include "devices/block/block_operation.h"
#include "devices/block/file_access.h"

namespace siskin {

// Of one engine. A request larger than a buffer goes through it in pieces; when all buffers are in
// use, requests wait for one. Thread: the engine's.
class BounceBuffers {
public:
    static constexpr std::size_t kBuffersMax = 16;
    static constexpr std::size_t kBufferSize = 128 * 1024;  // of any request alignment a multiple

    // For a file without direct I/O it holds no memory and passes all through.
    [[nodiscard]] static Result<BounceBuffers> create(DirectAlignment alignment);

    // The buffers for the operation's step; those of the guest, if they fit. Nothing: all are in
    // use, and the operation waits in here.
    [[nodiscard]] std::optional<std::span<iovec>> take(BlockOperation& operation);
    // The step is done, with this result: bytes or minus errno. What it returns is for advance().
    [[nodiscard]] std::int64_t give_back(BlockOperation& operation, std::int64_t result,
                                         std::uint64_t readable_end);
    // One that waited and may have a buffer now; null: none.
    [[nodiscard]] BlockOperation* next_waiting();

private:
    BounceBuffers(DirectAlignment alignment, Mapping memory);
    [[nodiscard]] bool fits(std::span<const iovec> buffers) const;
    [[nodiscard]] std::int64_t whole_blocks(const BlockOperation& operation, std::int64_t result,
                                            std::uint64_t readable_end) const;

    DirectAlignment alignment_;
    Mapping memory_;
    std::vector<std::byte*> free_;
    BlockOperationList waiting_;
};

}  // namespace siskin
