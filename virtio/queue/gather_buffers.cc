// SPDX-License-Identifier: Apache-2.0
// gather_buffers().
#include "virtio/queue/gather_buffers.h"

namespace siskin {

std::size_t gather_buffers(BufferCursor& from, std::uint64_t size, iovec* into) {
    std::size_t count = 0;
    while (size != 0) {
        const GuestSpan run = from.next(size);
        size -= run.size();
        if (count != 0) {
            iovec& last = into[count - 1];
            if (static_cast<std::byte*>(last.iov_base) + last.iov_len == run.data()) {
                last.iov_len += run.size();
                continue;
            }
        }
        into[count++] = iovec{run.data(), run.size()};
    }
    return count;
}

}  // namespace siskin
