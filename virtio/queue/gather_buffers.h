// SPDX-License-Identifier: Apache-2.0
// gather_buffers(): guest buffers as the host's calls take them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/uio.h>

#include "virtio/queue/chain_reader.h"

namespace siskin {

// The next `size` bytes, which are there; neighbours in memory become one buffer. Returns how many
// there are: at most one more than the chain has descriptors.
[[nodiscard]] std::size_t gather_buffers(BufferCursor& from, std::uint64_t size, iovec* into);

}  // namespace siskin
