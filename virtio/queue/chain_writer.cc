// SPDX-License-Identifier: Apache-2.0
// ChainWriter.
#include "virtio/queue/chain_writer.h"

#include <cstring>

namespace siskin {

std::uint64_t ChainWriter::write_bytes(std::span<const std::byte> from) {
    std::uint64_t done = 0;
    while (!from.empty()) {
        const GuestSpan run = cursor_.next(from.size());
        if (run.size() == 0) {
            break;
        }
        std::memcpy(run.data(), from.data(), run.size());
        from = from.subspan(run.size());
        done += run.size();
    }
    written_ += done;
    return done;
}

}  // namespace siskin
