// SPDX-License-Identifier: Apache-2.0
// What virtio 1.2 §5.2 says of the block device: numbers and layouts, nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/endian.h"

namespace siskin::virtio_spec {

inline constexpr std::uint32_t kBlockClassCode = 0x010000;  // mass storage, as other hosts show it

// §5.2.3: feature bits, by number.
inline constexpr unsigned kBlockFeatureSizeMax = 1;
inline constexpr unsigned kBlockFeatureSegMax = 2;
inline constexpr unsigned kBlockFeatureGeometry = 4;
inline constexpr unsigned kBlockFeatureReadOnly = 5;
inline constexpr unsigned kBlockFeatureBlockSize = 6;
inline constexpr unsigned kBlockFeatureFlush = 9;
inline constexpr unsigned kBlockFeatureTopology = 10;
inline constexpr unsigned kBlockFeatureConfigWce = 11;
inline constexpr unsigned kBlockFeatureMultiQueue = 12;
inline constexpr unsigned kBlockFeatureDiscard = 13;
inline constexpr unsigned kBlockFeatureWriteZeroes = 14;
inline constexpr unsigned kBlockFeatureSecureErase = 16;

// §5.2.6: request types and status values.
inline constexpr std::uint32_t kBlockRead = 0;
inline constexpr std::uint32_t kBlockWrite = 1;
inline constexpr std::uint32_t kBlockFlush = 4;
inline constexpr std::uint32_t kBlockGetId = 8;
inline constexpr std::uint32_t kBlockDiscard = 11;
inline constexpr std::uint32_t kBlockWriteZeroes = 13;
inline constexpr std::uint32_t kBlockSecureErase = 14;

inline constexpr std::uint8_t kBlockStatusOk = 0;
inline constexpr std::uint8_t kBlockStatusIoError = 1;
inline constexpr std::uint8_t kBlockStatusUnsupported = 2;

inline constexpr std::uint32_t kSectorSize = 512;
inline constexpr std::size_t kBlockIdSize = 20;

struct BlockRequestHeader {  // §5.2.6
    le32 type;               //  0  kBlock*
    le32 reserved;           //  4
    le64 sector;             //  8  in units of 512 bytes, whatever the block size
};
static_assert(sizeof(BlockRequestHeader) == 16 && offsetof(BlockRequestHeader, sector) == 8);

// Segments of one discard or write zeroes; QEMU's number.
inline constexpr std::uint32_t kBlockSegmentsMax = 1;
inline constexpr std::uint32_t kBlockSegmentUnmap = 1;  // of flags below; the others are reserved

struct BlockRangeSegment {  // §5.2.6: of discard and write zeroes
    le64 sector;            //  0  in units of 512 bytes
    le32 num_sectors;       //  8
    le32 flags;             // 12
};
static_assert(sizeof(BlockRangeSegment) == 16 && offsetof(BlockRangeSegment, flags) == 12);

struct BlockConfigSpace {                      // §5.2.4
    le64 capacity;                             //  0  in sectors of 512 bytes
    le32 size_max;                             //  8  VIRTIO_BLK_F_SIZE_MAX, not offered
    le32 seg_max;                              // 12  buffers of data in one request
    le16 cylinders;                            // 16  VIRTIO_BLK_F_GEOMETRY
    std::uint8_t heads = 0;                    // 18
    std::uint8_t sectors = 0;                  // 19
    le32 block_size;                           // 20  logical, in bytes
    std::uint8_t physical_block_exponent = 0;  // 24  logical blocks in a physical one, log2
    std::uint8_t alignment_offset = 0;         // 25
    le16 min_io_size;                          // 26  in logical blocks
    le32 opt_io_size;                          // 28  in logical blocks
    std::uint8_t writeback = 0;                // 32  VIRTIO_BLK_F_CONFIG_WCE: writable
    std::uint8_t unused0 = 0;                  // 33
    le16 num_queues;                           // 34  VIRTIO_BLK_F_MQ
    le32 max_discard_sectors;                  // 36  VIRTIO_BLK_F_DISCARD
    le32 max_discard_seg;                      // 40
    le32 discard_sector_alignment;             // 44
    le32 max_write_zeroes_sectors;             // 48  VIRTIO_BLK_F_WRITE_ZEROES
    le32 max_write_zeroes_seg;                 // 52
    std::uint8_t write_zeroes_may_unmap = 0;   // 56
    std::uint8_t unused1[3] = {};              // 57
    le32 not_offered;                          // 60  secure erase, of which more would follow
};
static_assert(sizeof(BlockConfigSpace) == 64);
static_assert(offsetof(BlockConfigSpace, max_discard_sectors) == 36);
static_assert(offsetof(BlockConfigSpace, write_zeroes_may_unmap) == 56);
static_assert(offsetof(BlockConfigSpace, block_size) == 20);
static_assert(offsetof(BlockConfigSpace, physical_block_exponent) == 24);
static_assert(offsetof(BlockConfigSpace, opt_io_size) == 28);
static_assert(offsetof(BlockConfigSpace, writeback) == 32);
static_assert(offsetof(BlockConfigSpace, num_queues) == 34);

}  // namespace siskin::virtio_spec
