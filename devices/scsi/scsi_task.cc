// SPDX-License-Identifier: Apache-2.0
// ScsiTask: its data.
#include "devices/scsi/scsi_task.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/memory/guest_span.h"
#include "devices/scsi/scsi_unit.h"

namespace siskin {

void ScsiTask::complete(int error_number) {
    unit_->on_step_done(*this, error_number);
}

void ScsiTask::copy_out(std::uint64_t offset, std::span<std::uint8_t> into) const {
    for (const iovec& buffer : data) {
        if (offset >= buffer.iov_len) {
            offset -= buffer.iov_len;
            continue;
        }
        const std::size_t size = std::min<std::size_t>(buffer.iov_len - offset, into.size());
        const GuestSpan piece(static_cast<std::byte*>(buffer.iov_base) + offset, size);
        piece.copy_to(reinterpret_cast<std::byte*>(into.data()));
        into = into.subspan(size);
        offset = 0;
        if (into.empty()) {
            return;
        }
    }
}

void ScsiTask::copy_in(std::span<const std::uint8_t> from) {
    for (const iovec& buffer : data) {
        const std::size_t size = std::min(buffer.iov_len, from.size());
        std::memcpy(buffer.iov_base, from.data(), size);
        transferred += size;
        from = from.subspan(size);
    }
}

bool ScsiTask::is_all_zero() const {
    std::array<std::uint8_t, 512> piece;
    for (const iovec& buffer : data) {
        for (std::size_t at = 0; at < buffer.iov_len; at += piece.size()) {
            const std::size_t size = std::min(piece.size(), buffer.iov_len - at);
            const GuestSpan bytes(static_cast<std::byte*>(buffer.iov_base) + at, size);
            bytes.copy_to(reinterpret_cast<std::byte*>(piece.data()));
            if (std::any_of(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(size),
                            [](std::uint8_t byte) { return byte != 0; })) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace siskin
