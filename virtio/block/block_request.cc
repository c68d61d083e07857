// SPDX-License-Identifier: Apache-2.0
// Parsing of block requests.
#include "virtio/block/block_request.h"

#include "virtio/block/spec.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;
using Kind = BlockRequest::Kind;

// §5.2.6.2: everything outside the disk, or not in whole blocks, is refused.
bool is_in_range(const BlockLimits& limits, std::uint64_t sector, std::uint64_t size) {
    const std::uint64_t capacity = limits.capacity.value();
    if (size == 0 || size % limits.block_size != 0 || sector >= capacity / spec::kSectorSize) {
        return false;
    }
    const std::uint64_t offset = sector * spec::kSectorSize;
    return offset % limits.block_size == 0 && size <= capacity - offset;
}

Kind kind_of(const BlockRequest& request, std::uint32_t type, std::uint64_t sector,
             const BlockLimits& limits) {
    switch (type) {
        case spec::kBlockRead:
            return is_in_range(limits, sector, request.size) ? Kind::Read : Kind::Refused;
        case spec::kBlockWrite:
            // §5.2.6.2: a read-only device fails writes, negotiated or not.
            return !limits.read_only && is_in_range(limits, sector, request.size) ? Kind::Write
                                                                                  : Kind::Refused;
        case spec::kBlockFlush: return Kind::Flush;
        case spec::kBlockGetId: return request.size != 0 ? Kind::GetId : Kind::Refused;
        default: return Kind::Unsupported;
    }
}

}  // namespace

BlockRequest parse_block_request(const DescriptorChain& chain, const BlockLimits& limits) {
    BlockRequest request;
    const auto writable = chain.writable();
    if (writable.empty()) {
        return request;
    }
    const GuestSpan& last = writable.back();
    request.status = GuestSpan(last.data() + last.size() - 1, 1);
    request.status_offset = total_size(writable) - 1;

    ChainReader reader(chain);
    const auto header = reader.read<spec::BlockRequestHeader>();
    if (!header) {
        request.kind = Kind::Refused;
        return request;
    }
    const bool to_disk = header->type == spec::kBlockWrite;
    request.data = to_disk ? reader.cursor() : BufferCursor(writable);
    request.size = to_disk ? reader.remaining() : request.status_offset;
    request.kind = kind_of(request, header->type, header->sector, limits);
    request.offset = header->sector * spec::kSectorSize;
    return request;
}

}  // namespace siskin
