// SPDX-License-Identifier: Apache-2.0
// The checks of a block device's options, and the configuration space they make.
#include "virtio/block/block_options.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/bits.h"
#include "base/text.h"
#include "devices/block/block_sizes.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

// What seg-max-adjust=off tells, whatever the queue's size.
constexpr std::uint32_t kFixedSegMax = 126;

Result<> check_range(std::string_view name, std::uint64_t value, std::uint64_t most) {
    if (value < 1 || value > most) {
        return fail(concat(name, " is ", value, ", allowed is 1 to ", most));
    }
    return {};
}

Result<> check_geometry(const BlockGeometry& geometry) {
    if (geometry.cylinders == 0 && geometry.heads == 0 && geometry.sectors == 0) {
        return {};
    }
    SISKIN_TRY(check_range("cyls", geometry.cylinders, 65535));
    SISKIN_TRY(check_range("heads", geometry.heads, 255));
    return check_range("secs", geometry.sectors, 255);
}

BlockGeometry geometry_of(const BlockDeviceOptions& options, ByteCount capacity) {
    BlockGeometry geometry = block_geometry(options.geometry, capacity);
    // A track is whole logical blocks, where that is possible.
    const std::uint32_t sectors_a_block = options.logical_block_size / spec::kSectorSize;
    if (geometry.sectors >= sectors_a_block) {
        geometry.sectors -= geometry.sectors % sectors_a_block;
    }
    return geometry;
}

}  // namespace

Result<> check_block_options(const BlockDeviceOptions& options, const BlockNode& node) {
    std::vector<Error> problems = block_option_problems(options, &node);
    return problems.empty() ? Result<>() : Result<>(fail(std::move(problems.front())));
}

std::vector<Error> block_option_problems(const BlockDeviceOptions& options, const BlockNode* node) {
    std::vector<Error> problems;
    const auto note = [&](Result<> result) {
        if (!result) {
            problems.push_back(std::move(result).error());
        }
    };
    if (options.serial.size() > spec::kBlockIdSize) {
        note(fail(concat("serial is ", options.serial.size(), " bytes long, the most is ",
                         spec::kBlockIdSize)));
    }
    if (!is_power_of_two(options.queue_size)) {
        note(fail(concat("queue-size is ", options.queue_size, ", allowed is a power of two")));
    }
    for (Error& problem : block_size_problems(
             BlockSizes{options.logical_block_size, options.physical_block_size,
                        options.min_io_size, options.opt_io_size, options.discard_granularity},
             node)) {
        problems.push_back(std::move(problem));
    }
    note(check_range("max-discard-sectors", options.max_discard_sectors,
                     BlockDeviceOptions::kRangeSectorsMax));
    note(check_range("max-write-zeroes-sectors", options.max_write_zeroes_sectors,
                     BlockDeviceOptions::kRangeSectorsMax));
    note(check_geometry(options.geometry));
    return problems;
}

// Of a size alone, as a translating BIOS has it: 16 heads, 63 sectors, 2 to 16383 cylinders.
BlockGeometry block_geometry(const BlockGeometry& told, ByteCount capacity) {
    constexpr std::uint32_t kHeads = 16;
    constexpr std::uint32_t kSectors = 63;
    if (told.cylinders != 0) {
        return told;
    }
    const std::uint64_t cylinders = capacity.value() / spec::kSectorSize / (kHeads * kSectors);
    return {static_cast<std::uint32_t>(std::clamp<std::uint64_t>(cylinders, 2, 16383)), kHeads,
            kSectors};
}

spec::BlockConfigSpace block_config_space(const BlockDeviceOptions& options, ByteCount capacity,
                                          bool writeback, bool may_unmap) {
    spec::BlockConfigSpace config;
    const std::uint32_t unit = options.logical_block_size;
    config.capacity = capacity.value() / spec::kSectorSize;
    // The header and the status take a descriptor each.
    config.seg_max =
        options.seg_max_adjust ? std::max(options.queue_size, std::uint16_t{3}) - 2U : kFixedSegMax;
    config.seg_max = std::min(config.seg_max.value(), options.seg_max);
    const BlockGeometry geometry = geometry_of(options, capacity);
    config.cylinders = static_cast<std::uint16_t>(geometry.cylinders);
    config.heads = static_cast<std::uint8_t>(geometry.heads);
    config.sectors = static_cast<std::uint8_t>(geometry.sectors);
    config.block_size = unit;
    config.physical_block_exponent =
        static_cast<std::uint8_t>(std::countr_zero(options.physical_block_size / unit));
    config.min_io_size = static_cast<std::uint16_t>(options.min_io_size / unit);
    config.opt_io_size = static_cast<std::uint32_t>(options.opt_io_size / unit);
    config.writeback = writeback ? 1 : 0;
    config.num_queues = options.num_queues;
    if (options.discard) {
        config.max_discard_sectors = options.max_discard_sectors;
        config.max_discard_seg = spec::kBlockSegmentsMax;
        config.discard_sector_alignment =
            static_cast<std::uint32_t>(options.discard_granularity / spec::kSectorSize);
    }
    if (options.write_zeroes) {
        config.max_write_zeroes_sectors = options.max_write_zeroes_sectors;
        config.max_write_zeroes_seg = spec::kBlockSegmentsMax;
        // §5.2.6.2: only where zeroes can give room back.
        config.write_zeroes_may_unmap = may_unmap ? 1 : 0;
    }
    return config;
}

std::uint16_t block_config_size(const BlockDeviceOptions& options) {
    std::size_t size = offsetof(spec::BlockConfigSpace, max_discard_sectors);
    if (options.discard) {
        size = offsetof(spec::BlockConfigSpace, max_write_zeroes_sectors);
    }
    if (options.write_zeroes) {
        size = offsetof(spec::BlockConfigSpace, not_offered);
    }
    return static_cast<std::uint16_t>(size);
}

}  // namespace siskin
