// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/blk_properties: each property reaches its option, or is refused.
#include "virtio/block/blk_properties.h"

#include <doctest/doctest.h>

#include <string>

namespace siskin {

namespace {

Result<BlockDeviceOptions> options_of(const BlkProperties& properties) {
    return block_options_of(properties, 3, "virtio-blk-pci");
}

std::string refusal(const BlkProperties& properties) {
    const auto options = options_of(properties);
    return options ? std::string() : options.error().message;
}

}  // namespace

TEST_SUITE("virtio/block/blk_properties") {
    TEST_CASE("defaults are those of QEMU 7.2") {
        const auto options = *options_of(BlkProperties{});

        CHECK(options.num_queues == 3);
        CHECK(options.queue_size == 256);
        CHECK(options.discard);
        CHECK(options.write_zeroes);
        CHECK(options.max_discard_sectors == 4194303U);
        CHECK(options.max_write_zeroes_sectors == 4194303U);
        CHECK(options.discard_granularity == 512);
        CHECK(options.seg_max_adjust);
        CHECK(options.write_cache);
        CHECK(options.config_wce);
        CHECK(options.class_code == 0x010000U);
    }

    TEST_CASE("the discard granularity is told as given, or as one block") {
        BlkProperties properties;
        properties.logical_block_size = ByteCount{4096};
        CHECK(options_of(properties)->discard_granularity == 4096);
        properties.discard_granularity = ByteCount{65536};
        CHECK(options_of(properties)->discard_granularity == 65536);
        properties.report_discard_granularity = false;
        CHECK(options_of(properties)->discard_granularity == 4096);
        properties.report_discard_granularity = true;
        properties.discard_granularity = ByteCount{0};
        CHECK(options_of(properties)->discard_granularity == 0);
    }

    TEST_CASE("class is QEMU's two, everything else is refused with what is allowed") {
        BlkProperties properties;
        properties.pci_class = 0x0180;
        CHECK(options_of(properties)->class_code == 0x018000U);
        properties.pci_class = 0x0200;
        CHECK(refusal(properties) ==
              "Property 'virtio-blk-pci.class' doesn't take value '512', allowed is 0, 256 or 384");
    }

    TEST_CASE("what siskin has no part for is refused, not ignored") {
        BlkProperties properties;
        properties.lsecs = 63;
        CHECK(refusal(properties).find("'virtio-blk-pci.lsecs' doesn't take value '63'") !=
              std::string::npos);
        properties = BlkProperties{};
        properties.x_enable_wce_if_config_wce = false;
        CHECK(refusal(properties) ==
              "Property 'virtio-blk-pci.x-enable-wce-if-config-wce' doesn't take value 'off', "
              "allowed is on");
    }
}

}  // namespace siskin
