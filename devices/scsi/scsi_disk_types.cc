// SPDX-License-Identifier: Apache-2.0
// scsi-hd and scsi-cd.
#include "devices/scsi/scsi_disk_types.h"

#include <algorithm>

namespace siskin {

const DeviceType kScsiHdType{
    "scsi-hd",
    "",
    "virtual SCSI disk",
    DeviceCategory::Storage,
    "SCSI",
    kScsiHdGroups,
    make_config<ScsiHdConfig>,
};
const DeviceType kScsiCdType{
    "scsi-cd",
    "",
    "virtual SCSI CD-ROM",
    DeviceCategory::Storage,
    "SCSI",
    kScsiCdGroups,
    make_config<ScsiCdConfig>,
};

namespace {

void set_unless_empty(std::string& option, const std::string& property) {
    if (!property.empty()) {
        option = property;
    }
}

void take_common(ScsiUnitOptions& options, const ScsiDiskProperties& properties,
                 const std::string& drive_id) {
    set_unless_empty(options.vendor, properties.vendor);
    set_unless_empty(options.product, properties.product);
    set_unless_empty(options.version, properties.ver);
    options.serial = properties.serial;
    // As QEMU has it, of a serial no more than 20 bytes.
    constexpr std::size_t kOfSerialMax = 20;
    options.device_id = !properties.device_id.empty() ? properties.device_id
                        : !properties.serial.empty()  ? properties.serial.substr(0, kOfSerialMax)
                                                      : drive_id;
    options.wwn = properties.wwn;
    options.port_wwn = properties.port_wwn;
    options.port_index = properties.port_index;
    options.scsi_version = properties.scsi_version;
    options.on_read_error = properties.rerror;
    options.on_write_error = properties.werror;
    options.write_cache = properties.write_cache != OnOffAuto::Off;
    options.share_write = properties.share_rw;
    options.account_failed = properties.account_failed != OnOffAuto::Off;
    options.account_invalid = properties.account_invalid != OnOffAuto::Off;
}

std::uint32_t bytes_of(ByteCount size) {
    return static_cast<std::uint32_t>(size.value());  // the rows bound them
}

}  // namespace

ScsiUnitOptions scsi_options_of(const ScsiHdConfig& config, const std::string& drive_id) {
    constexpr std::uint64_t kGranularity = 4096;
    ScsiUnitOptions options;
    take_common(options, config.disk, drive_id);
    const ScsiHdProperties& hd = config.hd;
    options.block_size = bytes_of(hd.logical_block_size);
    options.physical_block_size = bytes_of(hd.physical_block_size);
    options.min_io_size = hd.min_io_size.value();
    options.opt_io_size = hd.opt_io_size.value();
    options.max_io_size = hd.max_io_size;
    options.max_unmap_size = hd.max_unmap_size;
    options.discard_granularity = hd.discard_granularity == ScsiHdProperties::kNoGranularity
                                      ? std::max<std::uint64_t>(kGranularity, options.block_size)
                                      : hd.discard_granularity.value();
    options.rotation_rate = hd.rotation_rate;
    options.removable = hd.removable;
    options.dpofua = hd.dpofua;
    return options;
}

ScsiUnitOptions scsi_options_of(const ScsiCdConfig& config, const std::string& drive_id) {
    ScsiUnitOptions options;
    options.is_cd = true;
    options.product = "QEMU CD-ROM";
    options.block_size = scsi_spec::kCdBlockSize;
    options.physical_block_size = scsi_spec::kCdBlockSize;
    options.discard_granularity = 0;
    take_common(options, config.disk, drive_id);
    return options;
}

ScsiPlaceWish place_wish_of(const ScsiDiskProperties& properties) {
    return ScsiPlaceWish{properties.channel, properties.scsi_id, properties.lun};
}

}  // namespace siskin
