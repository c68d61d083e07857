// SPDX-License-Identifier: Apache-2.0
// Mode pages.
#include "devices/scsi/scsi_mode_pages.h"

#include <algorithm>
#include <array>

namespace siskin {
namespace {

namespace spec = scsi_spec;

constexpr std::uint8_t kErrorRecovery = 0x01;
constexpr std::uint8_t kCaching = 0x08;
constexpr std::uint8_t kAudioControl = 0x0e;
constexpr std::uint8_t kCapabilities = 0x2a;
constexpr std::uint8_t kAllPages = 0x3f;
constexpr std::array kPages{kErrorRecovery, kCaching, kAudioControl, kCapabilities};

constexpr std::uint8_t kWriteCache = 0x04;  // WCE of page 08

// SPC-4 §6.11.3: what is asked of the pages.
enum class Control : std::uint8_t { Current, Changeable, Default, Saved };

bool has_page(std::uint8_t page, const ScsiUnitOptions& options) {
    switch (page) {
        case kErrorRecovery:
        case kCaching: return true;
        case kAudioControl:
        case kCapabilities: return options.is_cd;
        default: return false;
    }
}

// MMC-5 §7.4.9; what can be read, how the tray works, and speeds in kB/s.
void add_capabilities(const ScsiUnitState& state, ScsiReply& reply) {
    constexpr std::uint8_t kReads = 0x1b;  // CD-R, CD-RW, DVD-ROM, DVD-R
    constexpr std::uint8_t kMode2 = 0x70;  // both forms, several sessions
    constexpr std::uint8_t kLock = 0x01;
    constexpr std::uint8_t kLocked = 0x02;
    constexpr std::uint8_t kEject = 0x08;
    constexpr std::uint8_t kTray = 0x20;
    constexpr std::uint16_t kSpeed = 50 * 176;
    constexpr std::uint16_t kBufferKib = 2048;
    reply.add8(kReads);
    reply.add8(0);
    reply.add8(kMode2);
    reply.add8(0);
    reply.add8(kTray | kEject | kLock | (state.locked ? kLocked : 0));
    reply.add8(0);
    reply.add16(kSpeed);
    reply.add16(0);
    reply.add16(kBufferKib);
    reply.add16(kSpeed);
    reply.add_zeroes(6);
}

// With its header of two bytes.
void add_page(std::uint8_t page, Control control, const ScsiUnitOptions& options,
              const ScsiUnitState& state, ScsiReply& reply) {
    const std::size_t begin = reply.size();
    reply.add8(page);
    reply.add8(0);
    const bool is_mask = control == Control::Changeable;
    switch (page) {
        case kErrorRecovery: {
            constexpr std::uint8_t kReallocate = 0x80;  // AWRE
            reply.add8(options.is_cd || is_mask ? 0 : kReallocate);
            reply.add_zeroes(options.is_cd ? 5 : 9);
            break;
        }
        case kCaching: {
            const bool shown =
                control == Control::Default ? options.write_cache : state.write_cache;
            reply.add8(!options.is_cd && (is_mask || shown) ? kWriteCache : 0);
            reply.add_zeroes(17);
            break;
        }
        case kAudioControl: reply.add_zeroes(14); break;
        default:
            if (is_mask) {
                reply.add_zeroes(20);
            } else {
                add_capabilities(state, reply);
            }
    }
    reply.set8(begin + 1, reply.size() - begin - 2);
}

// SBC-3 §6.4.1: the device-specific parameter.
std::uint8_t device_specific(const ScsiUnitOptions& options, const ScsiUnitState& state) {
    constexpr std::uint8_t kWriteProtect = 0x80;
    constexpr std::uint8_t kDpoFua = 0x10;
    if (options.is_cd) {
        return 0;
    }
    return static_cast<std::uint8_t>((state.has_medium && state.read_only ? kWriteProtect : 0) |
                                     (options.dpofua ? kDpoFua : 0));
}

void add_block_descriptor(const ScsiUnitOptions& options, const ScsiUnitState& state,
                          ScsiReply& reply) {
    constexpr std::uint64_t kCountMax = 0xffffff;
    reply.add32(state.blocks > kCountMax ? 0 : state.blocks);
    reply.add32(options.block_size);
}

}  // namespace

ScsiSense mode_sense(const ScsiCommand& command, const ScsiUnitOptions& options,
                     const ScsiUnitState& state, ScsiReply& reply) {
    constexpr std::uint8_t kNoDescriptor = 0x08;  // DBD
    const bool is_short = command.operation() == spec::kModeSense6;
    const std::uint8_t page = command.cdb[2] & kAllPages;
    const auto control = static_cast<Control>(command.cdb[2] >> 6U);
    const std::uint8_t subpage = command.cdb[3];
    if (control == Control::Saved) {
        return scsi_sense::kSavingUnsupported;
    }
    if (page != kAllPages && !has_page(page, options)) {
        return scsi_sense::kInvalidField;
    }
    if (subpage != 0 && (page != kAllPages || subpage != 0xff)) {
        return scsi_sense::kInvalidField;
    }
    reply.add_zeroes(is_short ? 4 : 8);
    const bool has_descriptor =
        (command.cdb[1] & kNoDescriptor) == 0 && !options.is_cd && state.is_ready();
    if (has_descriptor) {
        add_block_descriptor(options, state, reply);
    }
    for (const std::uint8_t one : kPages) {
        if ((page == one || page == kAllPages) && has_page(one, options)) {
            add_page(one, control, options, state, reply);
        }
    }
    const std::size_t descriptor_size = has_descriptor ? 8 : 0;
    if (is_short) {
        reply.set8(0, reply.size() - 1);
        reply.set8(2, device_specific(options, state));
        reply.set8(3, descriptor_size);
    } else {
        reply.set16(0, reply.size() - 2);
        reply.set8(3, device_specific(options, state));
        reply.set16(6, descriptor_size);
    }
    return scsi_sense::kGood;
}

namespace {

// One page of the list: what it is now, but for what may be changed.
ScsiSense select_page(std::span<const std::uint8_t> page, const ScsiUnitOptions& options,
                      const ScsiUnitState& state, bool& write_cache) {
    ScsiReply now;
    ScsiReply mask;
    add_page(page[0], Control::Current, options, state, now);
    add_page(page[0], Control::Changeable, options, state, mask);
    if (page.size() != now.size()) {
        return scsi_sense::kInvalidParameter;
    }
    for (std::size_t at = 2; at < page.size(); ++at) {
        if (((page[at] ^ now.bytes()[at]) & ~mask.bytes()[at]) != 0) {
            return scsi_sense::kInvalidParameter;
        }
    }
    if (page[0] == kCaching && !options.is_cd) {
        write_cache = (page[2] & kWriteCache) != 0;
    }
    return scsi_sense::kGood;
}

}  // namespace

ScsiSense mode_select(const ScsiCommand& command, const ScsiUnitOptions& options,
                      const ScsiUnitState& state, std::span<const std::uint8_t> list,
                      bool& write_cache) {
    constexpr std::uint8_t kPageFormat = 0x10;  // PF
    constexpr std::uint8_t kSave = 0x01;        // SP
    const bool is_short = command.operation() == spec::kModeSelect6;
    const std::size_t header_size = is_short ? 4 : 8;
    write_cache = state.write_cache;
    if ((command.cdb[1] & (kPageFormat | kSave)) != kPageFormat) {
        return scsi_sense::kInvalidField;
    }
    if (list.empty()) {
        return scsi_sense::kGood;
    }
    if (list.size() < header_size) {
        return scsi_sense::kParameterListLength;
    }
    const std::uint64_t descriptor_size = is_short ? list[3] : big_endian(list.subspan(6, 2));
    if (descriptor_size != 0 && descriptor_size != 8) {
        return scsi_sense::kInvalidParameter;
    }
    if (list.size() < header_size + descriptor_size) {
        return scsi_sense::kParameterListLength;
    }
    list = list.subspan(header_size);
    if (descriptor_size != 0 && big_endian(list.subspan(5, 3)) != options.block_size) {
        return scsi_sense::kInvalidParameter;  // blocks keep their size
    }
    list = list.subspan(descriptor_size);
    while (!list.empty()) {
        if (list.size() < 2 || list.size() - 2 < list[1]) {
            return scsi_sense::kParameterListLength;
        }
        // A set bit 6 would be a subpage, and bit 7 is reserved here.
        if (!has_page(list[0], options)) {
            return scsi_sense::kInvalidParameter;
        }
        const std::size_t size = 2U + list[1];
        const ScsiSense sense = select_page(list.first(size), options, state, write_cache);
        if (!sense.is_good()) {
            return sense;
        }
        list = list.subspan(size);
    }
    return scsi_sense::kGood;
}

}  // namespace siskin
