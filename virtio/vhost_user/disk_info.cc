// SPDX-License-Identifier: Apache-2.0
// What a back end says of its disk.
#include "virtio/vhost_user/disk_info.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bits.h"
#include "base/text.h"
#include "virtio/spec.h"
#include "virtio/vhost_user/spec.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint64_t kSectorsMax = std::uint64_t{1} << 54;
constexpr std::uint32_t kBlockSizeMax = 2 * 1024 * 1024;

struct Required {
    unsigned feature;
    std::string_view name;
};
constexpr std::array kRequired{
    Required{spec::kFeatureVersion1, "VIRTIO_F_VERSION_1"},
    Required{spec::kFeatureRingIndirectDesc, "VIRTIO_F_INDIRECT_DESC"},
    Required{vhost_user_spec::kFeatureProtocolFeatures, "VHOST_USER_F_PROTOCOL_FEATURES"},
};

std::uint32_t sectors_of_range(le32 told) {
    return std::min(told.value(), BlockDeviceOptions::kRangeSectorsMax);
}

std::uint32_t physical_size(const DiskInfo& info) {
    const std::uint32_t logical = info.block_size();
    const unsigned exponent = info.config.physical_block_exponent;
    const bool is_told = info.features.has(spec::kBlockFeatureTopology);
    // Beyond the largest there is nothing to tell.
    return !is_told || exponent > 12 || logical << exponent > kBlockSizeMax ? logical
                                                                            : logical << exponent;
}

}  // namespace

ByteCount DiskInfo::capacity() const {
    return ByteCount{config.capacity.value() * spec::kSectorSize};
}

std::uint32_t DiskInfo::block_size() const {
    return features.has(spec::kBlockFeatureBlockSize) ? config.block_size.value()
                                                      : spec::kSectorSize;
}

bool DiskInfo::read_only() const {
    return features.has(spec::kBlockFeatureReadOnly);
}

bool DiskInfo::can_flush() const {
    return features.has(spec::kBlockFeatureFlush);
}

bool DiskInfo::can_discard() const {
    return features.has(spec::kBlockFeatureDiscard) && config.max_discard_sectors.value() != 0;
}

bool DiskInfo::can_write_zeroes() const {
    return features.has(spec::kBlockFeatureWriteZeroes) &&
           config.max_write_zeroes_sectors.value() != 0;
}

Result<> check_disk_info(const DiskInfo& info) {
    for (const Required& required : kRequired) {
        if (!info.features.has(required.feature)) {
            return fail(concat("it does not offer ", required.name));
        }
    }
    if (info.queues_max == 0) {
        return fail("it serves no queue");
    }
    if (info.config.capacity.value() > kSectorsMax) {
        return fail(concat("its disk has ", info.config.capacity.value(), " sectors, the most is ",
                           kSectorsMax));
    }
    const std::uint32_t unit = info.block_size();
    if (!is_power_of_two(unit) || unit < spec::kSectorSize || unit > kBlockSizeMax) {
        return fail(concat("its disk has blocks of ", unit,
                           " bytes, allowed is a power of two from ", spec::kSectorSize, " to ",
                           kBlockSizeMax));
    }
    if (info.capacity().value() < unit) {
        return fail(concat("its disk has ", info.capacity().value(),
                           " bytes, less than one block of ", unit));
    }
    return {};
}

Result<> check_same_disk(const DiskInfo& was, const DiskInfo& now, std::uint16_t queue_count) {
    if (now.queues_max < queue_count) {
        return fail(concat("it serves ", now.queues_max, " queues now, there are ", queue_count));
    }
    if (now.block_size() != was.block_size()) {
        return fail(concat("its disk has blocks of ", now.block_size(), " bytes now, the guest's ",
                           was.block_size()));
    }
    if (now.read_only() && !was.read_only()) {
        return fail("its disk is read-only now");
    }
    const bool has_all =
        (now.can_flush() || !was.can_flush()) && (now.can_discard() || !was.can_discard()) &&
        (now.can_write_zeroes() || !was.can_write_zeroes()) &&
        (!was.can_discard() ||
         now.config.max_discard_sectors.value() >= was.config.max_discard_sectors.value()) &&
        (!was.can_write_zeroes() || now.config.max_write_zeroes_sectors.value() >=
                                        was.config.max_write_zeroes_sectors.value());
    return has_all ? Result<>()
                   : Result<>(fail("its disk cannot flush, discard or write zeroes as before"));
}

// No write cache of its own that a switch controls: durable writes are flushed by us.
FeatureSet used_features(const DiskInfo& info) {
    const FeatureSet wanted{spec::kFeatureVersion1,
                            spec::kFeatureRingIndirectDesc,
                            vhost_user_spec::kFeatureProtocolFeatures,
                            spec::kBlockFeatureBlockSize,
                            spec::kBlockFeatureFlush,
                            spec::kBlockFeatureTopology,
                            spec::kBlockFeatureMultiQueue,
                            spec::kBlockFeatureDiscard,
                            spec::kBlockFeatureWriteZeroes,
                            spec::kBlockFeatureReadOnly};
    return FeatureSet(info.features.bits() & wanted.bits());
}

BlockDeviceOptions block_options_of(const DiskInfo& info, std::uint16_t queue_count,
                                    std::uint16_t queue_size) {
    const std::uint32_t unit = info.block_size();
    BlockDeviceOptions options;
    options.num_queues = queue_count;
    options.queue_size = queue_size;
    options.logical_block_size = unit;
    options.physical_block_size = physical_size(info);
    if (info.features.has(spec::kBlockFeatureTopology)) {
        options.min_io_size = std::uint64_t{info.config.min_io_size.value()} * unit;
        options.opt_io_size = std::uint64_t{info.config.opt_io_size.value()} * unit;
    }
    if (info.features.has(spec::kBlockFeatureSegMax) && info.config.seg_max.value() != 0) {
        options.seg_max = info.config.seg_max.value();
    }
    options.discard = info.can_discard();
    options.write_zeroes = info.can_write_zeroes();
    if (options.discard) {
        options.max_discard_sectors = sectors_of_range(info.config.max_discard_sectors);
        options.discard_granularity =
            std::uint64_t{info.config.discard_sector_alignment.value()} * spec::kSectorSize;
    }
    if (options.write_zeroes) {
        options.max_write_zeroes_sectors = sectors_of_range(info.config.max_write_zeroes_sectors);
    }
    if (options.discard_granularity % unit != 0) {
        options.discard_granularity = unit;
    }
    options.config_wce = info.features.has(spec::kBlockFeatureConfigWce);
    // §5.2.5.2: without the switch, whoever can flush has a cache.
    options.write_cache = info.can_flush() && (!options.config_wce || info.config.writeback != 0);
    options.on_read_error = BlockOnError::Report;
    options.on_write_error = BlockOnError::Report;
    return options;
}

}  // namespace siskin
