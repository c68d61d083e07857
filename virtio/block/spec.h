// SPDX-License-Identifier: Apache-2.0
// What virtio 1.2 §5.2 says of the block device: numbers and layouts, nothing else.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/endian.h"

namespace siskin::virtio_spec {

inline constexpr std::uint32_t kBlockClassCode = 0x010000;  // mass storage, as other hosts show it

// §5.2.3: feature bits, by number.
inline constexpr unsigned kBlockFeatureSegMax = 2;
inline constexpr unsigned kBlockFeatureReadOnly = 5;
inline constexpr unsigned kBlockFeatureBlockSize = 6;
inline constexpr unsigned kBlockFeatureFlush = 9;
inline constexpr unsigned kBlockFeatureTopology = 10;
inline constexpr unsigned kBlockFeatureConfigWce = 11;
inline constexpr unsigned kBlockFeatureMultiQueue = 12;

// §5.2.6: request types and status values.
inline constexpr std::uint32_t kBlockRead = 0;
inline constexpr std::uint32_t kBlockWrite = 1;
inline constexpr std::uint32_t kBlockFlush = 4;
inline constexpr std::uint32_t kBlockGetId = 8;

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

struct BlockConfigSpace {                      // §5.2.4
    le64 capacity;                             //  0  in sectors of 512 bytes
    le32 size_max;                             //  8  VIRTIO_BLK_F_SIZE_MAX, not offered
    le32 seg_max;                              // 12  buffers of data in one request
    le16 cylinders;                            // 16  VIRTIO_BLK_F_GEOMETRY, not offered
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
    std::uint8_t not_offered[24] = {};         // 36  discard, write zeroes and secure erase
};
static_assert(sizeof(BlockConfigSpace) == 64);  // 60 bytes of fields and the tail to 8
static_assert(offsetof(BlockConfigSpace, block_size) == 20);
static_assert(offsetof(BlockConfigSpace, physical_block_exponent) == 24);
static_assert(offsetof(BlockConfigSpace, opt_io_size) == 28);
static_assert(offsetof(BlockConfigSpace, writeback) == 32);
static_assert(offsetof(BlockConfigSpace, num_queues) == 34);

}  // namespace siskin::virtio_spec
