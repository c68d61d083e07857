// SPDX-License-Identifier: Apache-2.0
// BlockRequest: what a descriptor chain asks of the disk; a pure function of the chain.
#pragma once

#include <cstdint>
#include <optional>

#include "base/memory/guest_span.h"
#include "base/units.h"
#include "devices/block/block_counters.h"
#include "virtio/queue/chain_reader.h"
#include "virtio/queue/descriptor_chain.h"

namespace siskin {

// What requests are held against.
struct BlockLimits {
    ByteCount capacity;
    std::uint32_t block_size = 512;  // logical: requests begin and end on it
    bool read_only = false;
    // Whether the driver has these features, and the sectors one such request may take.
    bool discard = false;
    bool write_zeroes = false;
    std::uint32_t max_discard_sectors = 0;
    std::uint32_t max_write_zeroes_sectors = 0;
};

// virtio 1.2 §5.2.6. The header was copied once; the data stays in guest memory.
struct BlockRequest {
    enum class Kind {
        Malformed,    // no status byte: handed back with length 0
        Refused,      // VIRTIO_BLK_S_IOERR
        Unsupported,  // VIRTIO_BLK_S_UNSUPP
        Read,
        Write,
        Flush,
        GetId,
        Discard,
        WriteZeroes,
        Nothing,  // a discard or write zeroes of no sectors: done
    };
    Kind kind = Kind::Malformed;
    std::uint64_t offset = 0;  // bytes; not of Flush and GetId
    std::uint64_t size = 0;    // bytes of data, or of the range; for GetId the room for it
    bool may_unmap = false;    // of WriteZeroes
    // Where it counts; nothing for what moves no data. Also of what was refused.
    std::optional<BlockAccount> account;
    // Where the data begins: in the readable buffers for Write, in the writable ones otherwise.
    BufferCursor data{{}};
    // One byte, the last writable one; of all kinds but Malformed.
    GuestSpan status;
    // Writable bytes before it.
    std::uint64_t status_offset = 0;
};

[[nodiscard]] BlockRequest parse_block_request(const DescriptorChain& chain,
                                               const BlockLimits& limits);

}  // namespace siskin
