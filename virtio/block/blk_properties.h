// SPDX-License-Identifier: Apache-2.0
// The properties of virtio-blk-pci that are the block device's, and the options they make.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/object/on_off_auto.h"
#include "base/object/or_unset.h"
#include "base/object/property.h"
#include "base/result.h"
#include "base/units.h"
#include "devices/block/block_on_error.h"
#include "virtio/block/block_options.h"
#include "virtio/block/queue_mapping.h"

namespace siskin {

struct BlkProperties {
    // QEMU's default of discard_granularity: not set.
    static constexpr ByteCount kNoGranularity{0xffffffff};
    static constexpr ByteCount kUnsetBlockSize{512};

    using BlockSize = OrUnset<ByteCount, 0>;

    std::string drive;     // whose node it is; the machine looks it up
    std::string iothread;  // which IoThread; the machine looks it up
    QueueMappings iothread_vq_mapping;
    std::string serial;
    OrUnset<std::uint16_t, 0xffff> num_queues;
    std::uint16_t queue_size = 256;
    BlockSize logical_block_size;   // 512 when not set
    BlockSize physical_block_size;  // so, too
    ByteCount min_io_size{0};
    ByteCount opt_io_size{0};
    ByteCount discard_granularity = kNoGranularity;
    bool report_discard_granularity = true;
    bool discard = true;
    bool write_zeroes = true;
    std::uint32_t max_discard_sectors = BlockDeviceOptions::kRangeSectorsMax;
    std::uint32_t max_write_zeroes_sectors = BlockDeviceOptions::kRangeSectorsMax;
    bool seg_max_adjust = true;
    bool request_merging = true;
    OnOffAuto write_cache = OnOffAuto::Auto;
    bool config_wce = true;
    bool x_enable_wce_if_config_wce = true;
    std::uint32_t cyls = 0;
    std::uint32_t heads = 0;
    std::uint32_t secs = 0;
    std::uint32_t lcyls = 0;
    std::uint32_t lheads = 0;
    std::uint32_t lsecs = 0;
    OnOffAuto backend_defaults = OnOffAuto::Auto;
    bool share_rw = false;
    BlockOnError rerror = BlockOnError::Auto;
    BlockOnError werror = BlockOnError::Auto;
    OnOffAuto account_failed = OnOffAuto::Auto;
    OnOffAuto account_invalid = OnOffAuto::Auto;
    OrUnset<std::uint32_t, -1> bootindex;
    std::uint32_t pci_class = 0;
    bool scsi = false;
};

inline constexpr std::array kBlkProperties{
    property<&BlkProperties::drive>("drive", "Node name or drive id of the disk; required."),
    property<&BlkProperties::iothread>("iothread", "The iothread object that does the I/O."),
    property<&BlkProperties::iothread_vq_mapping>(
        "iothread-vq-mapping",
        "In the stead of iothread: several objects, and the queues each one serves."),
    property<&BlkProperties::serial>("serial", "What get-id tells the guest, up to 20 bytes."),
    property<&BlkProperties::num_queues>(
        "num-queues", "Request virtqueues; one a CPU when not set (65535).", InRange{1, 64}),
    property<&BlkProperties::queue_size>("queue-size", "Entries of each queue, a power of two.",
                                         InRange{4, 1024}),
    property<&BlkProperties::logical_block_size>(
        "logical_block_size", "Smallest unit of a request, a power of two.", InRange{512, 2097152}),
    property<&BlkProperties::physical_block_size>("physical_block_size",
                                                  "Unit the disk handles best, a power of two.",
                                                  InRange{512, 2097152}),
    property<&BlkProperties::min_io_size>(
        "min_io_size", "Smallest transfer that is not slow, whole logical blocks; 0: not told.",
        InRange{0, 0xffffffff}),
    property<&BlkProperties::opt_io_size>(
        "opt_io_size", "Transfer size that is best, whole logical blocks; 0: not told.",
        InRange{0, 0xffffffff}),
    property<&BlkProperties::discard_granularity>(
        "discard_granularity", "Unit of discards, whole logical blocks; one when not set.",
        InRange{0, 0xffffffff}),
    property<&BlkProperties::report_discard_granularity>(
        "report-discard-granularity", "Off: the guest is told one logical block."),
    property<&BlkProperties::discard>("discard", "Offer VIRTIO_BLK_F_DISCARD."),
    property<&BlkProperties::write_zeroes>("write-zeroes", "Offer VIRTIO_BLK_F_WRITE_ZEROES."),
    property<&BlkProperties::max_discard_sectors>("max-discard-sectors", "Sectors of one discard.",
                                                  InRange{1, BlockDeviceOptions::kRangeSectorsMax}),
    property<&BlkProperties::max_write_zeroes_sectors>(
        "max-write-zeroes-sectors", "Sectors of one write zeroes.",
        InRange{1, BlockDeviceOptions::kRangeSectorsMax}),
    property<&BlkProperties::seg_max_adjust>(
        "seg-max-adjust", "On: segments of a request follow queue-size; off: they are 126."),
    property<&BlkProperties::request_merging>(
        "request-merging", "Taken without effect: io_uring takes requests as they are."),
    property<&BlkProperties::write_cache>(
        "write-cache", "Whether writes are durable only after a flush; auto is on."),
    property<&BlkProperties::config_wce>("config-wce",
                                         "Whether the guest may switch the write cache."),
    property<&BlkProperties::x_enable_wce_if_config_wce>(
        "x-enable-wce-if-config-wce",
        "Offer flushes with config-wce; only on, as they always are."),
    property<&BlkProperties::cyls>(
        "cyls", "Cylinders the guest is told, with heads and secs; made up when 0."),
    property<&BlkProperties::heads>("heads", "Heads, see cyls."),
    property<&BlkProperties::secs>("secs", "Sectors a track, see cyls."),
    property<&BlkProperties::lcyls>("lcyls",
                                    "Cylinders for the firmware; only 0, as there is none."),
    property<&BlkProperties::lheads>("lheads", "Heads, see lcyls."),
    property<&BlkProperties::lsecs>("lsecs", "Sectors, see lcyls."),
    property<&BlkProperties::backend_defaults>(
        "backend_defaults", "Taken without effect: block sizes are never the host's."),
    property<&BlkProperties::share_rw>(
        "share-rw", "Whether other processes may write the image at the same time."),
    property<&BlkProperties::rerror>(
        "rerror", "What a failed read does; auto is the drive's, and there report."),
    property<&BlkProperties::werror>(
        "werror", "What a failed write or flush does; auto is the drive's, and there enospc."),
    property<&BlkProperties::account_failed>(
        "account-failed", "Whether statistics count the time of failed requests; auto is on."),
    property<&BlkProperties::account_invalid>(
        "account-invalid", "Whether refused requests end idleness in statistics; auto is on."),
    property<&BlkProperties::bootindex>("bootindex", "Boot order for firmware.",
                                        InRange{0, 0x7fffffff}),
    property<&BlkProperties::pci_class>(
        "class", "PCI class: 256 (SCSI) or 384 (other mass storage); 0 is 256."),
    property<&BlkProperties::scsi>("scsi", "SCSI commands; only off, as they are gone."),
};

// Error: a property has a value that siskin does not support; names it and what is allowed.
[[nodiscard]] Result<> check_blk_properties(const BlkProperties& properties,
                                            std::string_view type_name);
// Whatever the properties are; what does not go is found by that check and the options' own.
[[nodiscard]] BlockDeviceOptions plain_block_options_of(const BlkProperties& properties,
                                                        std::uint16_t vcpu_count);
// Errors: those of check_blk_properties().
[[nodiscard]] Result<BlockDeviceOptions> block_options_of(const BlkProperties& properties,
                                                          std::uint16_t vcpu_count,
                                                          std::string_view type_name);

}  // namespace siskin
