// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/disk_info: what is believed, and the device that comes of it.
#include "virtio/vhost_user/disk_info.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "virtio/spec.h"
#include "virtio/vhost_user/spec.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

DiskInfo good() {
    DiskInfo info;
    info.features = FeatureSet{spec::kFeatureVersion1,
                               spec::kFeatureRingIndirectDesc,
                               vhost_user_spec::kFeatureProtocolFeatures,
                               spec::kBlockFeatureBlockSize,
                               spec::kBlockFeatureFlush,
                               spec::kBlockFeatureTopology,
                               spec::kBlockFeatureSegMax,
                               spec::kBlockFeatureDiscard,
                               spec::kBlockFeatureWriteZeroes,
                               spec::kBlockFeatureConfigWce};
    info.config.capacity = std::uint64_t{2048};
    info.config.block_size = 512U;
    info.config.seg_max = 126U;
    info.config.max_discard_sectors = 32768U;
    info.config.max_write_zeroes_sectors = 32768U;
    return info;
}

std::string problem(void (*change)(DiskInfo& info)) {
    DiskInfo info = good();
    change(info);
    const auto checked = check_disk_info(info);
    return checked ? "none" : checked.error().message;
}

// A disk that passed makes options that pass.
bool makes_a_device(void (*change)(DiskInfo& info)) {
    DiskInfo info = good();
    change(info);
    return check_disk_info(info).has_value() &&
           block_option_problems(block_options_of(info, 1, 128), nullptr).empty();
}

}  // namespace

TEST_SUITE("virtio/vhost_user/disk_info") {
    TEST_CASE("impossible disks are refused by what is wrong with them (B01)") {
        CHECK(problem([](DiskInfo&) {}) == "none");
        CHECK(problem([](DiskInfo& it) { it.features.remove(spec::kFeatureRingIndirectDesc); }) ==
              "it does not offer VIRTIO_F_INDIRECT_DESC");
        CHECK(problem([](DiskInfo& it) { it.queues_max = 0; }) == "it serves no queue");
        CHECK(problem([](DiskInfo& it) { it.config.capacity = ~std::uint64_t{0}; }) ==
              "its disk has 18446744073709551615 sectors, the most is 18014398509481984");
        CHECK(problem([](DiskInfo& it) { it.config.block_size = 0U; }) ==
              "its disk has blocks of 0 bytes, allowed is a power of two from 512 to 2097152");
        CHECK(problem([](DiskInfo& it) { it.config.block_size = 513U; }) != "none");
        CHECK(problem([](DiskInfo& it) { it.config.block_size = 0x80000000U; }) != "none");
        CHECK(problem([](DiskInfo& it) { it.config.capacity = std::uint64_t{0}; }) ==
              "its disk has 0 bytes, less than one block of 512");
    }

    TEST_CASE("odd words of a disk that can be used make a device all the same") {
        CHECK(makes_a_device([](DiskInfo& it) { it.config.physical_block_exponent = 255; }));
        CHECK(makes_a_device([](DiskInfo& it) { it.config.physical_block_exponent = 12; }));
        CHECK(makes_a_device([](DiskInfo& it) { it.config.min_io_size = std::uint16_t{65535}; }));
        CHECK(makes_a_device([](DiskInfo& it) { it.config.opt_io_size = 0xffffffffU; }));
        CHECK(makes_a_device([](DiskInfo& it) { it.config.max_discard_sectors = 0U; }));
        CHECK(makes_a_device([](DiskInfo& it) { it.config.max_discard_sectors = 0xffffffffU; }));
        CHECK(makes_a_device([](DiskInfo& it) {
            it.config.block_size = 4096U;
            it.config.discard_sector_alignment = 1U;
        }));
        CHECK(makes_a_device([](DiskInfo& it) { it.config.seg_max = 0U; }));
    }

    TEST_CASE("the device has the segments, the ranges and the cache of its back end") {
        DiskInfo info = good();
        BlockDeviceOptions options = block_options_of(info, 3, 512);
        CHECK(options.num_queues == 3);
        CHECK(block_config_space(options, info.capacity(), false, false).seg_max == 126);
        CHECK(options.max_discard_sectors == 32768);
        CHECK_FALSE(options.write_cache);  // a switch, and it is off
        CHECK(options.config_wce);

        info.config.writeback = 1;
        CHECK(block_options_of(info, 1, 128).write_cache);
        info.config.writeback = 0;
        info.features.remove(spec::kBlockFeatureConfigWce);
        CHECK(block_options_of(info, 1, 128).write_cache);  // §5.2.5.2: it can flush
        info.features.remove(spec::kBlockFeatureFlush);
        CHECK_FALSE(block_options_of(info, 1, 128).write_cache);
    }

    TEST_CASE("neither a write cache that is switched nor sizes of segments are negotiated") {
        DiskInfo info = good();
        info.features.add(spec::kBlockFeatureSizeMax);
        const FeatureSet used = used_features(info);
        CHECK_FALSE(used.has(spec::kBlockFeatureConfigWce));
        CHECK_FALSE(used.has(spec::kBlockFeatureSizeMax));
        CHECK(used.has(spec::kFeatureRingIndirectDesc));
        CHECK(info.features.contains(used));
    }
}

}  // namespace siskin
