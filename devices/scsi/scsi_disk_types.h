// SPDX-License-Identifier: Apache-2.0
// The device types scsi-hd and scsi-cd: their properties, and the options these make.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/object/device_type.h"
#include "base/object/on_off_auto.h"
#include "base/object/or_unset.h"
#include "base/object/property.h"
#include "base/units.h"
#include "devices/block/block_on_error.h"
#include "devices/scsi/scsi_bus.h"
#include "devices/scsi/scsi_options.h"

namespace siskin {

// What both have.
struct ScsiDiskProperties {
    std::string bus;
    std::uint32_t channel = 0;
    OrUnset<std::uint32_t, 0xffffffffU> scsi_id;
    OrUnset<std::uint32_t, 0xffffffffU> lun;
    std::string drive;
    std::string serial;
    std::string device_id;
    std::string vendor;
    std::string product;
    std::string ver;
    std::uint64_t wwn = 0;
    std::uint64_t port_wwn = 0;
    std::uint16_t port_index = 0;
    std::uint8_t scsi_version = 5;
    BlockOnError rerror = BlockOnError::Auto;
    BlockOnError werror = BlockOnError::Auto;
    OnOffAuto write_cache = OnOffAuto::Auto;
    bool share_rw = false;
    OnOffAuto account_failed = OnOffAuto::Auto;
    OnOffAuto account_invalid = OnOffAuto::Auto;
    OnOffAuto backend_defaults = OnOffAuto::Auto;
    OrUnset<std::uint32_t, -1> bootindex;
};

struct ScsiHdProperties {
    // QEMU's default of discard_granularity: not set.
    static constexpr ByteCount kNoGranularity{0xffffffff};

    bool removable = false;
    bool dpofua = false;
    std::uint16_t rotation_rate = 0;
    ByteCount logical_block_size{512};
    ByteCount physical_block_size{512};
    ByteCount min_io_size{0};
    ByteCount opt_io_size{0};
    ByteCount discard_granularity = kNoGranularity;
    std::uint64_t max_io_size = 0x7fffffff;
    std::uint64_t max_unmap_size = std::uint64_t{1} << 30U;
};

inline constexpr std::array kScsiDiskProperties{
    property<&ScsiDiskProperties::bus>("bus", "Name of the SCSI bus; the first one when empty."),
    property<&ScsiDiskProperties::channel>("channel", "Channel of the bus; only 0."),
    property<&ScsiDiskProperties::scsi_id>("scsi-id",
                                           "Target, 0 to 255; the first free one when not set."),
    property<&ScsiDiskProperties::lun>("lun",
                                       "Unit of the target, 0 to 16383; chosen when not set."),
    property<&ScsiDiskProperties::drive>("drive", "Node name or drive id of the medium."),
    property<&ScsiDiskProperties::serial>("serial", "Unit serial number, up to 36 bytes."),
    property<&ScsiDiskProperties::device_id>(
        "device_id", "Name in the device identification; the serial or the drive's id when empty."),
    property<&ScsiDiskProperties::vendor>("vendor", "Vendor of INQUIRY, up to 8 bytes."),
    property<&ScsiDiskProperties::product>("product", "Product of INQUIRY, up to 16 bytes."),
    property<&ScsiDiskProperties::ver>("ver", "Revision of INQUIRY, up to 4 bytes."),
    property<&ScsiDiskProperties::wwn>("wwn", "World wide name of the unit, an NAA; 0: none."),
    property<&ScsiDiskProperties::port_wwn>("port_wwn", "The same of its port; 0: none."),
    property<&ScsiDiskProperties::port_index>("port_index",
                                              "Number of its port in the target; 0: none."),
    property<&ScsiDiskProperties::scsi_version>(
        "scsi_version", "Version of SPC that INQUIRY tells: 5 is SPC-3.", InRange{0, 7}),
    property<&ScsiDiskProperties::rerror>(
        "rerror", "What a failed read does; auto is the drive's, and there report."),
    property<&ScsiDiskProperties::werror>(
        "werror", "What a failed write or flush does; auto is the drive's, and there enospc."),
    property<&ScsiDiskProperties::write_cache>(
        "write-cache", "Whether writes are durable only after a flush; auto is on."),
    property<&ScsiDiskProperties::share_rw>(
        "share-rw", "Whether other processes may write the image at the same time."),
    property<&ScsiDiskProperties::account_failed>(
        "account-failed", "Whether statistics count the time of failed requests; auto is on."),
    property<&ScsiDiskProperties::account_invalid>(
        "account-invalid", "Whether refused requests end idleness in statistics; auto is on."),
    property<&ScsiDiskProperties::backend_defaults>(
        "backend_defaults", "Taken without effect: block sizes are never the host's."),
    property<&ScsiDiskProperties::bootindex>("bootindex", "Boot order for firmware.",
                                             InRange{0, 0x7fffffff}),
};

inline constexpr std::array kScsiHdProperties{
    property<&ScsiHdProperties::removable>("removable", "Whether the medium can be changed."),
    property<&ScsiHdProperties::dpofua>(
        "dpofua", "Whether the driver is told that writes can be forced to the medium."),
    property<&ScsiHdProperties::rotation_rate>(
        "rotation_rate", "Rotations a minute; 1: it does not rotate, 0: not told."),
    property<&ScsiHdProperties::logical_block_size>(
        "logical_block_size", "Unit of a request, a power of two.", InRange{512, 2097152}),
    property<&ScsiHdProperties::physical_block_size>("physical_block_size",
                                                     "Unit the disk handles best, a power of two.",
                                                     InRange{512, 2097152}),
    property<&ScsiHdProperties::min_io_size>(
        "min_io_size", "Smallest transfer that is not slow, whole logical blocks; 0: not told.",
        InRange{0, 0xffffffff}),
    property<&ScsiHdProperties::opt_io_size>(
        "opt_io_size", "Transfer size that is best, whole logical blocks; 0: not told.",
        InRange{0, 0xffffffff}),
    property<&ScsiHdProperties::discard_granularity>(
        "discard_granularity", "Unit of discards; 4096 or a block when not set, 0: no discards.",
        InRange{0, 0xffffffff}),
    property<&ScsiHdProperties::max_io_size>("max_io_size", "Bytes of one transfer.",
                                             InRange{2097152, 0x7fffffff}),
    property<&ScsiHdProperties::max_unmap_size>("max_unmap_size", "Bytes of one range of UNMAP.",
                                                InRange{2097152, 0xffffffff}),
};

struct ScsiHdConfig {
    ScsiDiskProperties disk;
    ScsiHdProperties hd;
};

struct ScsiCdConfig {
    ScsiDiskProperties disk;
};

inline constexpr std::array kScsiHdGroups{
    group<&ScsiHdConfig::disk>(kScsiDiskProperties),
    group<&ScsiHdConfig::hd>(kScsiHdProperties),
};
inline constexpr std::array kScsiCdGroups{
    group<&ScsiCdConfig::disk>(kScsiDiskProperties),
};

extern const DeviceType kScsiHdType;
extern const DeviceType kScsiCdType;

// `drive_id` is that of a -drive, or empty.
[[nodiscard]] ScsiUnitOptions scsi_options_of(const ScsiHdConfig& config,
                                              const std::string& drive_id);
[[nodiscard]] ScsiUnitOptions scsi_options_of(const ScsiCdConfig& config,
                                              const std::string& drive_id);

[[nodiscard]] ScsiPlaceWish place_wish_of(const ScsiDiskProperties& properties);

}  // namespace siskin
