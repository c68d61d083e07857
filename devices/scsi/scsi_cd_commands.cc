// SPDX-License-Identifier: Apache-2.0
// Commands of a CD drive.
#include "devices/scsi/scsi_cd_commands.h"

#include <algorithm>
#include <array>

namespace siskin {
namespace {

constexpr std::uint8_t kMinutes = 0x02;    // MSF: addresses as minute, second, frame
constexpr std::uint8_t kDataTrack = 0x14;  // ADR 1, a data track that was recorded at once
constexpr std::uint8_t kLeadOut = 0xaa;
constexpr std::uint64_t kFramesASecond = 75;
constexpr std::uint64_t kSecondsAMinute = 60;
constexpr std::uint64_t kPregap = 150;  // frames before block 0

// MMC-6 §4.1.5. Beyond what fits it is the last that does.
void add_minutes(std::uint64_t block, ScsiReply& reply) {
    const std::uint64_t frames =
        std::min(block + kPregap, 256 * kSecondsAMinute * kFramesASecond - 1);
    reply.add8(frames / kFramesASecond / kSecondsAMinute);
    reply.add8(frames / kFramesASecond % kSecondsAMinute);
    reply.add8(frames % kFramesASecond);
}

void add_address(std::uint64_t block, bool in_minutes, ScsiReply& reply) {
    if (in_minutes) {
        reply.add8(0);
        add_minutes(block, reply);
    } else {
        reply.add32(std::min<std::uint64_t>(block, 0xffffffff));
    }
}

void add_track(std::uint8_t number, std::uint64_t block, bool in_minutes, ScsiReply& reply) {
    reply.add8(0);
    reply.add8(kDataTrack);
    reply.add8(number);
    reply.add8(0);
    add_address(block, in_minutes, reply);
}

// Of the raw table: a place of the lead-in.
void add_point(std::uint8_t point, ScsiReply& reply) {
    reply.add8(1);
    reply.add8(kDataTrack);
    reply.add8(0);
    reply.add8(point);
    reply.add_zeroes(4);
}

void add_raw_table(const ScsiUnitState& state, ScsiReply& reply) {
    for (const std::uint8_t point : {std::uint8_t{0xa0}, std::uint8_t{0xa1}}) {
        add_point(point, reply);
        reply.add8(1);  // the first and the last track
        reply.add_zeroes(2);
    }
    add_point(0xa2, reply);
    add_minutes(state.blocks, reply);
    add_point(1, reply);
    add_minutes(0, reply);
}

}  // namespace

ScsiSense read_toc(const ScsiCommand& command, const ScsiUnitState& state, ScsiReply& reply) {
    const bool in_minutes = (command.cdb[1] & kMinutes) != 0;
    const std::uint8_t start = command.cdb[6];
    // The format stood in the control byte once, and drivers still write it there.
    const unsigned format =
        (command.cdb[2] & 0xfU) != 0 ? command.cdb[2] & 0xfU : unsigned{command.cdb[9]} >> 6U;
    reply.add16(0);
    reply.add8(1);
    reply.add8(1);
    switch (format) {
        case 0:
            if (start > 1 && start != kLeadOut) {
                return scsi_sense::kInvalidField;
            }
            if (start <= 1) {
                add_track(1, 0, in_minutes, reply);
            }
            add_track(kLeadOut, state.blocks, in_minutes, reply);
            break;
        case 1: add_track(1, 0, in_minutes, reply); break;
        case 2: add_raw_table(state, reply); break;
        default: return scsi_sense::kInvalidField;
    }
    reply.set16(0, reply.size() - 2);
    return scsi_sense::kGood;
}

ScsiSense read_disc_information(const ScsiCommand& command, ScsiReply& reply) {
    constexpr std::uint8_t kTypeMask = 0x07;
    constexpr std::uint8_t kComplete = 0x0e;  // the last session and the disc
    constexpr std::uint8_t kUnrestricted = 0x20;
    if ((command.cdb[1] & kTypeMask) != 0) {
        return scsi_sense::kInvalidField;
    }
    reply.add16(32);
    reply.add8(kComplete);
    reply.add8(1);  // first track of the disc
    reply.add8(1);  // sessions
    reply.add8(1);  // first and last track of the last session
    reply.add8(1);
    reply.add8(kUnrestricted);
    reply.add_zeroes(34 - reply.size());
    return scsi_sense::kGood;
}

namespace {

constexpr std::uint16_t kProfileCd = 0x0008;
constexpr std::uint16_t kProfileDvd = 0x0010;
// The longest CD has 80 minutes.
constexpr std::uint64_t kCdBlocksMax = 80 * kSecondsAMinute * kFramesASecond;

std::uint16_t profile_of(const ScsiUnitState& state) {
    if (!state.is_ready()) {
        return 0;
    }
    return state.blocks > kCdBlocksMax ? kProfileDvd : kProfileCd;
}

void add_profile(std::uint16_t profile, std::uint16_t current, ScsiReply& reply) {
    reply.add16(profile);
    reply.add8(profile == current ? 1 : 0);
    reply.add8(0);
}

// MMC-6 §5.3.
constexpr std::uint16_t kFeatureProfiles = 0x0000;
constexpr std::uint16_t kFeatureCore = 0x0001;
constexpr std::uint16_t kFeatureRemovable = 0x0003;
constexpr std::uint16_t kFeatureRandomReadable = 0x0010;
constexpr std::uint16_t kFeatureCdRead = 0x001e;
constexpr std::uint16_t kFeatureDvdRead = 0x001f;
constexpr std::array kFeatures{kFeatureProfiles,       kFeatureCore,   kFeatureRemovable,
                               kFeatureRandomReadable, kFeatureCdRead, kFeatureDvdRead};

bool is_current(std::uint16_t feature, std::uint16_t profile) {
    switch (feature) {
        case kFeatureRandomReadable: return profile != 0;
        case kFeatureCdRead: return profile == kProfileCd;
        case kFeatureDvdRead: return profile == kProfileDvd;
        default: return true;
    }
}

void add_feature(std::uint16_t feature, std::uint16_t profile, ScsiReply& reply) {
    constexpr std::uint8_t kPersistent = 0x02;
    const std::size_t begin = reply.size();
    const bool persistent = feature <= kFeatureRemovable;
    reply.add16(feature);
    reply.add8((persistent ? kPersistent : 0) | (is_current(feature, profile) ? 1 : 0));
    reply.add8(0);
    switch (feature) {
        case kFeatureProfiles:
            add_profile(kProfileDvd, profile, reply);
            add_profile(kProfileCd, profile, reply);
            break;
        case kFeatureCore:
            reply.add32(1);  // the physical interface is of the SCSI family
            reply.add32(0);
            break;
        case kFeatureRemovable:
            reply.add8(0x29);  // a tray, that can be ejected and locked
            reply.add_zeroes(3);
            break;
        case kFeatureRandomReadable:
            reply.add32(scsi_spec::kCdBlockSize);
            reply.add16(1);  // blocks that are read at once
            reply.add16(0);
            break;
        default: reply.add32(0); break;
    }
    reply.set8(begin + 3, reply.size() - begin - 4);
}

}  // namespace

ScsiSense get_configuration(const ScsiCommand& command, const ScsiUnitState& state,
                            ScsiReply& reply) {
    enum Which : std::uint8_t { All, Current, One, Reserved };
    const auto which = static_cast<Which>(command.cdb[1] & 0x3U);
    const auto start = static_cast<std::uint16_t>(command.cdb[2] << 8U | command.cdb[3]);
    if (which == Reserved) {
        return scsi_sense::kInvalidField;
    }
    const std::uint16_t profile = profile_of(state);
    reply.add32(0);
    reply.add16(0);
    reply.add16(profile);
    for (const std::uint16_t feature : kFeatures) {
        const bool wanted = which == One ? feature == start : feature >= start;
        if (wanted && (which != Current || is_current(feature, profile))) {
            add_feature(feature, profile, reply);
        }
    }
    reply.set32(0, reply.size() - 4);
    return scsi_sense::kGood;
}

ScsiSense get_event_status(const ScsiCommand& command, ScsiUnitState& state, ScsiReply& reply) {
    constexpr std::uint8_t kPolled = 0x01;
    constexpr std::uint8_t kMediaClass = 4;
    constexpr std::uint8_t kNoEvent = 0x80;  // NEA
    constexpr std::uint8_t kEjectRequest = 1;
    constexpr std::uint8_t kNewMedia = 2;
    if ((command.cdb[1] & kPolled) == 0) {
        return scsi_sense::kInvalidField;  // nothing is told later
    }
    const bool asked = (command.cdb[4] & 1U << kMediaClass) != 0;
    reply.add16(asked ? 6 : 2);
    reply.add8(asked ? kMediaClass : kNoEvent);
    reply.add8(1U << kMediaClass);
    // Who has no room for the event has not been told it.
    if (asked) {
        const bool is_told = command.data_size > reply.size();
        std::uint8_t event = 0;
        if (state.new_medium) {
            event = kNewMedia;
            state.new_medium = !is_told;
        } else if (state.eject_requested) {
            event = kEjectRequest;
            state.eject_requested = !is_told;
        }
        reply.add8(event);
        reply.add8((state.tray_open ? 1 : 0) | (state.is_ready() ? 2 : 0));
        reply.add_zeroes(2);
    }
    return scsi_sense::kGood;
}

}  // namespace siskin
