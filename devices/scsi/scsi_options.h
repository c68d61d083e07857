// SPDX-License-Identifier: Apache-2.0
// ScsiUnitOptions: how a logical unit is to be, and whether that fits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/block_on_error.h"
#include "devices/scsi/spec.h"

namespace siskin {

struct ScsiUnitOptions {
    bool is_cd = false;
    std::uint32_t block_size = 512;  // logical; of a CD 2048
    std::uint32_t physical_block_size = 512;
    std::uint64_t min_io_size = 0;                           // bytes; 0: not told
    std::uint64_t opt_io_size = 0;                           // bytes; 0: not told
    std::uint64_t max_io_size = 0x7fffffff;                  // bytes; what the driver is told
    std::uint64_t discard_granularity = 4096;                // bytes; 0: no thin provisioning
    std::uint64_t max_unmap_size = std::uint64_t{1} << 30U;  // bytes; of one command
    std::uint16_t rotation_rate = 0;                         // SBC-3 §6.5.2
    std::string vendor = "QEMU";                             // decision 28
    std::string product = "QEMU HARDDISK";
    std::string version = "2.5+";
    std::string serial;
    std::string device_id;  // of page 0x83; empty: none
    std::uint64_t wwn = 0;
    std::uint64_t port_wwn = 0;
    std::uint16_t port_index = 0;
    std::uint8_t scsi_version = 5;
    bool removable = false;
    bool dpofua = false;
    bool write_cache = true;
    bool share_write = false;
    BlockOnError on_read_error = BlockOnError::Auto;
    BlockOnError on_write_error = BlockOnError::Auto;
    bool account_failed = true;
    bool account_invalid = true;

    [[nodiscard]] bool is_removable() const { return is_cd || removable; }
};

// What the texts of INQUIRY have room for, in bytes.
inline constexpr std::size_t kScsiVendorMax = 8;
inline constexpr std::size_t kScsiProductMax = 16;
inline constexpr std::size_t kScsiVersionMax = 4;
inline constexpr std::size_t kScsiSerialMax = 36;
inline constexpr std::size_t kScsiDeviceIdMax = 247;
// Ranges in one UNMAP, as in QEMU.
inline constexpr std::uint32_t kUnmapDescriptorsMax = 255;

// All that speaks against them; `node` may be null.
[[nodiscard]] std::vector<Error> scsi_option_problems(const ScsiUnitOptions& options,
                                                      const BlockNode* node);

}  // namespace siskin
