// SPDX-License-Identifier: Apache-2.0
// A block device's options from the properties of virtio-blk-pci.
#include "virtio/block/blk_properties.h"

#include <algorithm>

#include "base/text.h"

namespace siskin {
namespace {

constexpr std::uint16_t kAutoQueuesMax = 64;
// QEMU's two values of `class`: base class and subclass.
constexpr std::uint32_t kClassScsi = 0x0100;
constexpr std::uint32_t kClassOther = 0x0180;

Result<> refuse(std::string_view type_name, std::string_view property, std::string_view value,
                std::string_view allowed) {
    return fail(concat("Property '", type_name, '.', property, "' doesn't take value '", value,
                       "', allowed is ", allowed));
}

std::uint32_t bytes_of(const BlkProperties::BlockSize& size) {
    // The rows bound them.
    return static_cast<std::uint32_t>(size.value_or(BlkProperties::kUnsetBlockSize).value());
}

}  // namespace

Result<> check_blk_properties(const BlkProperties& properties, std::string_view type_name) {
    if (properties.scsi) {
        return refuse(type_name, "scsi", "on", "off");
    }
    if (!properties.x_enable_wce_if_config_wce) {
        return refuse(type_name, "x-enable-wce-if-config-wce", "off", "on");
    }
    if (!properties.iothread.empty() && !properties.iothread_vq_mapping.empty()) {
        return refuse(type_name, "iothread", printable(properties.iothread),
                      "nothing beside iothread-vq-mapping");
    }
    for (const auto& [name, value] :
         {std::pair{"lcyls", properties.lcyls}, std::pair{"lheads", properties.lheads},
          std::pair{"lsecs", properties.lsecs}}) {
        if (value != 0) {
            return refuse(type_name, name, concat(value), "0: there is no firmware to tell");
        }
    }
    if (properties.pci_class != 0 && properties.pci_class != kClassScsi &&
        properties.pci_class != kClassOther) {
        return refuse(type_name, "class", concat(properties.pci_class), "0, 256 or 384");
    }
    return {};
}

BlockDeviceOptions plain_block_options_of(const BlkProperties& properties,
                                          std::uint16_t vcpu_count) {
    BlockDeviceOptions options;
    options.num_queues =
        properties.num_queues.value_or(std::clamp<std::uint16_t>(vcpu_count, 1, kAutoQueuesMax));
    options.queue_size = properties.queue_size;
    options.logical_block_size = bytes_of(properties.logical_block_size);
    options.physical_block_size = bytes_of(properties.physical_block_size);
    options.min_io_size = properties.min_io_size.value();
    options.opt_io_size = properties.opt_io_size.value();
    const bool is_told = properties.report_discard_granularity &&
                         properties.discard_granularity != BlkProperties::kNoGranularity;
    options.discard_granularity =
        is_told ? properties.discard_granularity.value() : options.logical_block_size;
    options.discard = properties.discard;
    options.write_zeroes = properties.write_zeroes;
    options.max_discard_sectors = properties.max_discard_sectors;
    options.max_write_zeroes_sectors = properties.max_write_zeroes_sectors;
    options.seg_max_adjust = properties.seg_max_adjust;
    options.geometry = BlockGeometry{properties.cyls, properties.heads, properties.secs};
    options.serial = properties.serial;
    options.write_cache = properties.write_cache != OnOffAuto::Off;
    options.config_wce = properties.config_wce;
    options.share_write = properties.share_rw;
    options.on_read_error = properties.rerror;
    options.on_write_error = properties.werror;
    options.account_failed = properties.account_failed != OnOffAuto::Off;
    options.account_invalid = properties.account_invalid != OnOffAuto::Off;
    if (properties.pci_class != 0) {
        options.class_code = properties.pci_class << 8;
    }
    return options;
}

Result<BlockDeviceOptions> block_options_of(const BlkProperties& properties,
                                            std::uint16_t vcpu_count, std::string_view type_name) {
    SISKIN_TRY(check_blk_properties(properties, type_name));
    return plain_block_options_of(properties, vcpu_count);
}

}  // namespace siskin
