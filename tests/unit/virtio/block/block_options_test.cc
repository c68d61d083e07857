// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_options: the configuration space of each option.
#include "virtio/block/block_options.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/virtio/memory_disk.h"

namespace siskin {

namespace {

constexpr ByteCount kCapacity{64 * 1024 * 1024};

virtio_spec::BlockConfigSpace space(const BlockDeviceOptions& options,
                                    ByteCount capacity = kCapacity) {
    return block_config_space(options, capacity, true, true);
}

std::string refusal(const BlockDeviceOptions& options) {
    const MemoryDisk disk(1024 * 1024);
    const auto checked = check_block_options(options, disk);
    return checked ? std::string() : checked.error().message;
}

}  // namespace

TEST_SUITE("virtio/block/block_options") {
    TEST_CASE("seg_max follows the queue size, or is 126 (virtio 1.2 §5.2.4)") {
        BlockDeviceOptions options;
        CHECK(space(options).seg_max == 254U);
        options.queue_size = 1024;
        CHECK(space(options).seg_max == 1022U);
        options.seg_max_adjust = false;
        CHECK(space(options).seg_max == 126U);
        CHECK(space(options).size_max == 0U);
    }

    TEST_CASE("a geometry is made up from the size, within what a BIOS can have") {
        BlockDeviceOptions options;
        const auto shape = [&](std::uint64_t bytes) {
            const auto config = space(options, ByteCount{bytes});
            CHECK(config.heads == 16);
            CHECK(config.sectors == 63);
            return config.cylinders.value();
        };
        CHECK(shape(512) == 2);
        CHECK(shape(64 * 1024 * 1024) == 130);
        CHECK(shape(std::uint64_t{1} << 40) == 16383);
        CHECK(shape(std::uint64_t{1} << 62) == 16383);
    }

    TEST_CASE("a geometry that is given is told, its tracks in whole blocks") {
        BlockDeviceOptions options;
        options.geometry = BlockGeometry{100, 4, 9};
        auto config = space(options);
        CHECK(config.cylinders == 100);
        CHECK(config.heads == 4);
        CHECK(config.sectors == 9);

        options.logical_block_size = 4096;
        options.physical_block_size = 4096;
        config = space(options);
        CHECK(config.sectors == 8);
    }

    TEST_CASE("sizes are told in logical blocks, discards in sectors (§5.2.4)") {
        BlockDeviceOptions options;
        options.logical_block_size = 4096;
        options.physical_block_size = 8192;
        options.min_io_size = 16384;
        options.opt_io_size = 65536;
        options.discard_granularity = 65536;
        options.max_discard_sectors = 100;
        options.max_write_zeroes_sectors = 7;
        const auto config = space(options);

        CHECK(config.block_size == 4096U);
        CHECK(config.physical_block_exponent == 1);
        CHECK(config.min_io_size == 4);
        CHECK(config.opt_io_size == 16U);
        CHECK(config.discard_sector_alignment == 128U);
        CHECK(config.max_discard_sectors == 100U);
        CHECK(config.max_discard_seg == 1U);
        CHECK(config.max_write_zeroes_sectors == 7U);
        CHECK(config.max_write_zeroes_seg == 1U);
        CHECK(config.write_zeroes_may_unmap == 1);
        CHECK(config.unused0 == 0);
        CHECK(config.unused1[0] == 0);
    }

    TEST_CASE("what is not offered is zero, may_unmap follows the node (§5.2.6.2)") {
        BlockDeviceOptions options;
        CHECK(block_config_space(options, kCapacity, true, false).write_zeroes_may_unmap == 0);
        options.discard = false;
        options.write_zeroes = false;
        const auto config = space(options);
        CHECK(config.max_discard_sectors == 0U);
        CHECK(config.max_discard_seg == 0U);
        CHECK(config.discard_sector_alignment == 0U);
        CHECK(config.max_write_zeroes_sectors == 0U);
        CHECK(config.write_zeroes_may_unmap == 0);
    }

    TEST_CASE("each bound is refused just beyond it, with the limit named") {
        const auto with = [](auto change) {
            BlockDeviceOptions options;
            change(options);
            return refusal(options);
        };
        CHECK(with([](auto&) {}).empty());
        CHECK(with([](auto& o) { o.min_io_size = 100; }) ==
              "min_io_size is 100, allowed is a multiple of logical_block_size, 512");
        CHECK(with([](auto& o) { o.opt_io_size = 100; }) ==
              "opt_io_size is 100, allowed is a multiple of logical_block_size, 512");
        CHECK(with([](auto& o) { o.discard_granularity = 100; }) ==
              "discard_granularity is 100, allowed is a multiple of logical_block_size, 512");
        CHECK(with([](auto& o) { o.min_io_size = 65535 * 512; }).empty());
        CHECK(with([](auto& o) { o.min_io_size = 65536 * 512; }) ==
              "min_io_size is 33554432, the most is 65535 logical blocks of 512");
        CHECK(with([](auto& o) { o.max_discard_sectors = 0; }) ==
              "max-discard-sectors is 0, allowed is 1 to 4194303");
        CHECK(with([](auto& o) { o.max_write_zeroes_sectors = 4194304; }) ==
              "max-write-zeroes-sectors is 4194304, allowed is 1 to 4194303");
        CHECK(with([](auto& o) { o.geometry.sectors = 3; }) == "cyls is 0, allowed is 1 to 65535");
        CHECK(with([](auto& o) {
                  o.geometry = {1, 256, 1};
              }) == "heads is 256, allowed is 1 to 255");
        CHECK(with([](auto& o) {
                  o.geometry = {1, 1, 256};
              }) == "secs is 256, allowed is 1 to 255");
        CHECK(with([](auto& o) { o.geometry = {65535, 255, 255}; }).empty());
        CHECK(with([](auto& o) {
                  o.logical_block_size = 2 * 1024 * 1024;
                  o.physical_block_size = 4 * 1024 * 1024;
              }).find("to 2097152") != std::string::npos);
    }
}

}  // namespace siskin
