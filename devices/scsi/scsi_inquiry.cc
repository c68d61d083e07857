// SPDX-License-Identifier: Apache-2.0
// INQUIRY and READ CAPACITY.
#include "devices/scsi/scsi_inquiry.h"

#include <algorithm>
#include <bit>

namespace siskin {
namespace {

namespace spec = scsi_spec;

constexpr std::uint8_t kVitalProductData = 0x01;  // EVPD

std::uint8_t type_of(const ScsiUnitOptions& options) {
    return options.is_cd ? spec::kTypeCd : spec::kTypeDisk;
}

// SPC-4 §6.6.2.
void standard_data(const ScsiUnitOptions& options, ScsiReply& reply) {
    constexpr std::uint8_t kRemovable = 0x80;
    constexpr std::uint8_t kHierarchicalFormat2 = 0x12;  // HISUP, response data format 2
    constexpr std::uint8_t kSync = 0x10;
    constexpr std::uint8_t kCommandQueueing = 0x02;
    reply.add8(type_of(options));
    reply.add8(options.is_removable() ? kRemovable : 0);
    reply.add8(options.scsi_version);
    reply.add8(kHierarchicalFormat2);
    reply.add8(0);  // how many follow: below
    reply.add_zeroes(2);
    reply.add8(kSync | kCommandQueueing);
    reply.add_padded(options.vendor, kScsiVendorMax);
    reply.add_padded(options.product, kScsiProductMax);
    reply.add_padded(options.version, kScsiVersionMax);
    reply.set8(4, reply.size() - 5);
}

// SPC-4 §7.8.6: designators of the unit and of its port.
void device_identification(const ScsiUnitOptions& options, ScsiReply& reply) {
    constexpr std::uint8_t kBinary = 0x01;
    constexpr std::uint8_t kAscii = 0x02;
    constexpr std::uint8_t kVendorSpecific = 0x00;
    constexpr std::uint8_t kNaa = 0x03;
    constexpr std::uint8_t kRelativePort = 0x04;
    // PIV and the association of a target port; the protocol is that of SAS, as in QEMU.
    constexpr std::uint8_t kSas = 0x60;
    constexpr std::uint8_t kOfPort = 0x90;
    if (!options.device_id.empty()) {
        reply.add8(kAscii);
        reply.add8(kVendorSpecific);
        reply.add8(0);
        reply.add8(options.device_id.size());
        reply.add_text(options.device_id);
    }
    if (options.wwn != 0) {
        reply.add8(kBinary);
        reply.add8(kNaa);
        reply.add8(0);
        reply.add8(8);
        reply.add64(options.wwn);
    }
    if (options.port_wwn != 0) {
        reply.add8(kSas | kBinary);
        reply.add8(kOfPort | kNaa);
        reply.add8(0);
        reply.add8(8);
        reply.add64(options.port_wwn);
    }
    if (options.port_index != 0) {
        reply.add8(kSas | kBinary);
        reply.add8(kOfPort | kRelativePort);
        reply.add8(0);
        reply.add8(4);
        reply.add32(options.port_index);
    }
}

std::uint32_t in_blocks(std::uint64_t bytes, const ScsiUnitOptions& options) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(bytes / options.block_size, 0xffffffff));
}

// SBC-3 §6.5.3.
void block_limits(const ScsiUnitOptions& options, ScsiReply& reply) {
    constexpr std::uint8_t kNoZeroLength = 0x01;  // WSNZ: a WRITE SAME of 0 blocks is refused
    const std::uint32_t unmap_blocks = in_blocks(options.max_unmap_size, options);
    reply.add8(kNoZeroLength);
    reply.add8(0);
    reply.add16(options.min_io_size / options.block_size);
    reply.add32(in_blocks(options.max_io_size, options));
    reply.add32(in_blocks(options.opt_io_size, options));
    reply.add32(0);
    reply.add32(unmap_blocks);
    reply.add32(kUnmapDescriptorsMax);
    reply.add32(in_blocks(options.discard_granularity, options));
    reply.add32(0);
    reply.add64(unmap_blocks);  // of a WRITE SAME
    reply.add_zeroes(0x40 - reply.size());
}

// SBC-3 §6.5.2.
void block_characteristics(const ScsiUnitOptions& options, ScsiReply& reply) {
    reply.add16(options.rotation_rate);
    reply.add_zeroes(0x40 - reply.size());
}

// SBC-3 §6.5.4: UNMAP and WRITE SAME with unmap, in both lengths.
void logical_block_provisioning(const ScsiUnitOptions& options, ScsiReply& reply) {
    constexpr std::uint8_t kAllThree = 0xe0;
    constexpr std::uint8_t kFull = 0x00;
    constexpr std::uint8_t kThin = 0x02;
    reply.add8(0);
    reply.add8(kAllThree);
    reply.add8(options.discard_granularity != 0 ? kThin : kFull);
    reply.add8(0);
}

void supported_pages(const ScsiUnitOptions& options, ScsiReply& reply) {
    reply.add8(0x00);
    if (!options.serial.empty()) {
        reply.add8(0x80);
    }
    reply.add8(0x83);
    if (!options.is_cd) {
        reply.add8(0xb0);
        reply.add8(0xb1);
        reply.add8(0xb2);
    }
}

// False: there is no such page.
bool add_page(std::uint8_t page, const ScsiUnitOptions& options, ScsiReply& reply) {
    switch (page) {
        case 0x00: supported_pages(options, reply); return true;
        case 0x80: reply.add_text(options.serial); return !options.serial.empty();
        case 0x83: device_identification(options, reply); return true;
        default: break;
    }
    if (options.is_cd) {
        return false;
    }
    switch (page) {
        case 0xb0: block_limits(options, reply); return true;
        case 0xb1: block_characteristics(options, reply); return true;
        case 0xb2: logical_block_provisioning(options, reply); return true;
        default: return false;
    }
}

}  // namespace

ScsiSense inquiry(const ScsiCommand& command, const ScsiUnitOptions& options, ScsiReply& reply) {
    const std::uint8_t flags = command.cdb[1] & spec::kInquiryFlags;
    const std::uint8_t page = command.cdb[2];
    if ((flags & ~kVitalProductData) != 0) {
        return scsi_sense::kInvalidField;
    }
    if (flags == 0) {
        if (page != 0) {
            return scsi_sense::kInvalidField;
        }
        standard_data(options, reply);
        return scsi_sense::kGood;
    }
    reply.add8(type_of(options));
    reply.add8(page);
    reply.add16(0);
    if (!add_page(page, options, reply)) {
        return scsi_sense::kInvalidField;
    }
    reply.set16(2, reply.size() - 4);
    return scsi_sense::kGood;
}

namespace {

constexpr std::uint8_t kPartial = 0x01;  // PMI, obsolete: the LBA says from where

// SBC-3 §5.15.2: a place that is not asked about is 0.
bool is_plain(const ScsiCommand& command, std::size_t flags_at) {
    return (command.cdb[flags_at] & kPartial) == 0 && command.lba == 0;
}

}  // namespace

ScsiSense read_capacity_10(const ScsiCommand& command, const ScsiUnitOptions& options,
                           std::uint64_t blocks, ScsiReply& reply) {
    if (!is_plain(command, 8)) {
        return scsi_sense::kInvalidField;
    }
    reply.add32(std::min<std::uint64_t>(blocks - 1, 0xffffffff));
    reply.add32(options.block_size);
    return scsi_sense::kGood;
}

ScsiSense read_capacity_16(const ScsiCommand& command, const ScsiUnitOptions& options,
                           std::uint64_t blocks, ScsiReply& reply) {
    constexpr std::uint8_t kThin = 0x80;  // LBPME
    if (!is_plain(command, 14)) {
        return scsi_sense::kInvalidField;
    }
    reply.add64(blocks - 1);
    reply.add32(options.block_size);
    reply.add8(0);
    reply.add8(static_cast<std::uint64_t>(
        std::countr_zero(options.physical_block_size / options.block_size)));
    reply.add8(!options.is_cd && options.discard_granularity != 0 ? kThin : 0);
    reply.add8(0);
    reply.add_zeroes(32 - reply.size());
    return scsi_sense::kGood;
}

}  // namespace siskin
