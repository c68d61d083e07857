// SPDX-License-Identifier: Apache-2.0
// What a target answers itself.
#include "devices/scsi/scsi_target.h"

#include <algorithm>

#include "devices/scsi/scsi_options.h"
#include "devices/scsi/scsi_reply.h"

namespace siskin {
namespace {

namespace spec = scsi_spec;

void end(ScsiTask& task, const ScsiSense& sense, const ScsiReply& reply) {
    task.transferred = 0;
    task.sense = sense;
    task.status = sense.is_good() ? spec::kGood : spec::kCheckCondition;
    if (sense.is_good()) {
        task.copy_in(reply.bytes());
    }
}

}  // namespace

// SPC-4 §6.33. Unit 0 is always told, as that is where this is asked.
void report_luns(ScsiTask& task, std::span<const std::uint16_t> luns) {
    enum Select : std::uint8_t { Units, WellKnown, All };
    constexpr std::uint64_t kAllocationMin = 16;
    const ScsiCommand& command = task.command;
    const std::uint8_t select = command.cdb[2];
    ScsiReply reply;
    ScsiSense sense = command.problem;
    if (sense.is_good() && (select > All || command.data_size < kAllocationMin)) {
        sense = scsi_sense::kInvalidField;
    }
    reply.add32(0);
    reply.add32(0);
    const auto add = [&](std::uint16_t lun) {
        reply.add_bytes(scsi_lun_bytes(lun));
        reply.add_zeroes(6);
    };
    if (select != WellKnown) {
        if (std::find(luns.begin(), luns.end(), 0) == luns.end()) {
            add(0);
        }
        std::for_each(luns.begin(), luns.end(), add);
    }
    reply.set32(0, reply.size() - 8);
    end(task, sense, reply);
}

void execute_on_absent_unit(ScsiTask& task, std::uint16_t lun) {
    const ScsiCommand& command = task.command;
    ScsiReply reply;
    ScsiSense sense = command.problem;
    switch (command.operation()) {
        case spec::kInquiry: {
            if (sense.is_good() &&
                ((command.cdb[1] & spec::kInquiryFlags) != 0 || command.cdb[2] != 0)) {
                sense = scsi_sense::kInvalidField;
            }
            const ScsiUnitOptions texts;
            reply.add8((lun == 0 ? spec::kQualifierAbsent : spec::kQualifierIncapable) |
                       spec::kTypeNone);
            reply.add8(0);
            reply.add8(texts.scsi_version);
            reply.add8(0x12);  // HISUP, response data format 2
            reply.add8(31);
            reply.add_zeroes(3);
            reply.add_padded(texts.vendor, kScsiVendorMax);
            reply.add_padded("QEMU TARGET", kScsiProductMax);
            reply.add_padded(texts.version, kScsiVersionMax);
            break;
        }
        case spec::kRequestSense:
            reply.add_bytes(fixed_sense(lun == 0 ? scsi_sense::kGood : scsi_sense::kNoSuchUnit));
            break;
        default: sense = scsi_sense::kNoSuchUnit;
    }
    end(task, sense, reply);
}

}  // namespace siskin
