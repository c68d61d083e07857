// SPDX-License-Identifier: Apache-2.0
// A virtio-blk driver (virtio 1.2 §5.2): one request at a time, or several under way.
#pragma once

#include <cstdint>

#include "tools/guest/runtime/virtio_pci.h"

namespace siskin::guest {

// Request types and states (§5.2.6).
inline constexpr std::uint32_t kBlockIn = 0;
inline constexpr std::uint32_t kBlockOut = 1;
inline constexpr std::uint32_t kBlockFlush = 4;
inline constexpr std::uint32_t kBlockGetId = 8;
inline constexpr std::uint32_t kBlockDiscard = 11;
inline constexpr std::uint32_t kBlockWriteZeroes = 13;
inline constexpr std::uint8_t kBlockOk = 0;
inline constexpr std::uint8_t kBlockIoError = 1;
inline constexpr std::uint8_t kBlockUnsupported = 2;
// Ours: the request never came back, or came back wrong.
inline constexpr std::uint8_t kBlockLost = 0xfe;
inline constexpr std::uint8_t kBlockUntouched = 0xff;

inline constexpr std::uint64_t kBlockFeatureReadOnly = 1ULL << 5;
inline constexpr std::uint64_t kBlockFeatureFlush = 1ULL << 9;
inline constexpr std::uint64_t kBlockFeatureMultiQueue = 1ULL << 12;
inline constexpr std::uint64_t kBlockFeatureDiscard = 1ULL << 13;
inline constexpr std::uint64_t kBlockFeatureWriteZeroes = 1ULL << 14;

inline constexpr std::uint32_t kSectorSize = 512;
inline constexpr std::uint32_t kBlockIdSize = 20;

struct BlockRequest {
    struct Header {
        std::uint32_t type;
        std::uint32_t reserved;
        std::uint64_t sector;
    };
    Header header;
    volatile std::uint8_t status;
};

// The data of kBlockDiscard and kBlockWriteZeroes.
struct BlockRange {
    std::uint64_t sector;
    std::uint32_t sectors;
    std::uint32_t flags;  // bit 0: unmap
};

class VirtioBlk {
public:
    struct Options {
        std::uint64_t features = kFeatureIndirect | kFeatureEventIndex;  // where offered
        std::uint16_t queue_size = 16;
        std::uint16_t queues = 1;                // as many as there are, at most
        std::uint16_t first_vector = kNoVector;  // queue n gets first_vector + n
    };
    static constexpr unsigned kQueuesMax = 8;

    // Resets and starts the device; each step is a check. False when it could not.
    [[nodiscard]] bool start(Bdf bdf, const Options& options);

    [[nodiscard]] VirtioPci& pci() { return pci_; }
    [[nodiscard]] Virtqueue& queue(unsigned index = 0) { return queues_[index]; }
    [[nodiscard]] unsigned started_queues() const { return started_queues_; }
    [[nodiscard]] std::uint64_t features() const { return features_; }
    [[nodiscard]] std::uint64_t capacity() const;  // in sectors

    // Waits for it by polling. The state, kBlockLost or kBlockUntouched.
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, void* data, std::uint32_t size,
                     unsigned queue = 0);
    // Puts it on the ring and notifies; `request` lives until it was used.
    void submit(BlockRequest& request, std::uint32_t type, std::uint64_t sector, void* data,
                std::uint32_t size, unsigned queue = 0);
    // The length the device reported for the last finished request.
    [[nodiscard]] std::uint32_t last_used_length() const { return last_used_length_; }

private:
    VirtioPci pci_;
    Virtqueue queues_[kQueuesMax];
    unsigned started_queues_ = 0;
    std::uint64_t features_ = 0;
    std::uint32_t last_used_length_ = 0;
};

// The virtio-blk functions of the machine, in the order of the walk.
[[nodiscard]] unsigned find_disks(Bdf* disks, unsigned disks_max);

}  // namespace siskin::guest
