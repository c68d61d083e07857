// SPDX-License-Identifier: Apache-2.0
// DiskInfo: what a back end says of its disk, and what of that can be believed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/units.h"
#include "virtio/block/block_options.h"
#include "virtio/block/spec.h"
#include "virtio/features.h"

namespace siskin {

struct DiskInfo {
    // Of its configuration space we ask for what every version of virtio-blk has.
    static constexpr std::size_t kConfigSize = offsetof(virtio_spec::BlockConfigSpace, not_offered);

    FeatureSet features;           // of the device, and of rings
    std::uint16_t queues_max = 1;  // rings it serves
    virtio_spec::BlockConfigSpace config;

    [[nodiscard]] ByteCount capacity() const;
    [[nodiscard]] std::uint32_t block_size() const;
    [[nodiscard]] bool read_only() const;
    [[nodiscard]] bool can_flush() const;
    [[nodiscard]] bool can_discard() const;
    [[nodiscard]] bool can_write_zeroes() const;
};
static_assert(DiskInfo::kConfigSize == 60);

// Whether it is a disk that can be used. Errors: a feature is missing, a size is impossible.
[[nodiscard]] Result<> check_disk_info(const DiskInfo& info);

// Whether the back end that has come back serves the disk that the guest knows as `was`, by
// `queue_count` rings. Its size may be another.
[[nodiscard]] Result<> check_same_disk(const DiskInfo& was, const DiskInfo& now,
                                       std::uint16_t queue_count);

// The virtio features that a connection uses, of those that the back end has.
[[nodiscard]] FeatureSet used_features(const DiskInfo& info);

// The device that shows the guest this disk; the info was checked.
[[nodiscard]] BlockDeviceOptions block_options_of(const DiskInfo& info, std::uint16_t queue_count,
                                                  std::uint16_t queue_size);

}  // namespace siskin
