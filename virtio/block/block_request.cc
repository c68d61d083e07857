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
        default: return Kind::Unsupported;  // secure erase and SCSI commands among them
    }
}

std::optional<BlockAccount> account_of(std::uint32_t type) {
    switch (type) {
        case spec::kBlockRead: return BlockAccount::Read;
        case spec::kBlockWrite:
        case spec::kBlockWriteZeroes: return BlockAccount::Write;
        case spec::kBlockFlush: return BlockAccount::Flush;
        case spec::kBlockDiscard: return BlockAccount::Unmap;
        default: return std::nullopt;
    }
}

bool is_range_type(std::uint32_t type, const BlockLimits& limits) {
    return (type == spec::kBlockDiscard && limits.discard) ||
           (type == spec::kBlockWriteZeroes && limits.write_zeroes);
}

// Discard and write zeroes: one segment follows the header.
void parse_range(BlockRequest& request, std::uint32_t type, ChainReader& reader,
                 const BlockLimits& limits) {
    const std::uint64_t given = reader.remaining();
    if (given > sizeof(spec::BlockRangeSegment) * spec::kBlockSegmentsMax) {
        request.kind = Kind::Unsupported;
        return;
    }
    request.kind = Kind::Refused;
    const auto segment = reader.read<spec::BlockRangeSegment>();
    if (!segment) {
        return;
    }
    const bool is_discard = type == spec::kBlockDiscard;
    const std::uint32_t sectors = segment->num_sectors;
    // §5.2.6.2: unknown flags, and unmap of a discard.
    if ((segment->flags & ~(is_discard ? 0U : spec::kBlockSegmentUnmap)) != 0) {
        request.kind = Kind::Unsupported;
        return;
    }
    if (limits.read_only ||
        sectors > (is_discard ? limits.max_discard_sectors : limits.max_write_zeroes_sectors)) {
        return;
    }
    request.size = std::uint64_t{sectors} * spec::kSectorSize;
    request.offset = segment->sector * spec::kSectorSize;
    request.may_unmap = segment->flags != 0;
    if (sectors == 0) {
        request.kind = Kind::Nothing;
    } else if (is_in_range(limits, segment->sector, request.size)) {
        request.kind = is_discard ? Kind::Discard : Kind::WriteZeroes;
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
    request.account = account_of(header->type);
    if (is_range_type(header->type, limits)) {
        parse_range(request, header->type, reader, limits);
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
