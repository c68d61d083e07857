// SPDX-License-Identifier: Apache-2.0
// ScsiUnit: commands that need no I/O, and what is around all of them.
#include "devices/scsi/scsi_unit.h"

#include <algorithm>
#include <array>
#include <utility>

#include "devices/scsi/scsi_cd_commands.h"
#include "devices/scsi/scsi_inquiry.h"
#include "devices/scsi/scsi_mode_pages.h"

namespace siskin {

namespace spec = scsi_spec;

namespace {

// What is told first stands first.
constexpr std::array kAttentions{scsi_sense::kReset, scsi_sense::kMediumMayHaveChanged,
                                 scsi_sense::kCapacityChanged, scsi_sense::kLunsChanged};

// SAM-5 §5.14.1, and MMC-6: who asks these is not told of a unit attention.
bool is_exempt(std::uint8_t operation) {
    switch (operation) {
        case spec::kInquiry:
        case spec::kReportLuns:
        case spec::kRequestSense:
        case spec::kGetConfiguration:
        case spec::kGetEventStatus: return true;
        default: return false;
    }
}

}  // namespace

ScsiUnit::ScsiUnit(ScsiUnitOptions options, std::size_t tasks_max, BlockErrorSink* errors,
                   ScsiUnitEvents* events)
    : options_(std::move(options)), tasks_max_(tasks_max), errors_(errors), events_(events) {
    state_.write_cache = options_.write_cache;
    raise(scsi_sense::kReset);
}

void ScsiUnit::attach(IoLoop& loop) {
    loop_ = &loop;
    is_attached_ = medium_ != nullptr && medium_->engine().attach(loop).has_value();
}

void ScsiUnit::detach() {
    if (is_attached_) {
        medium_->engine().detach(*loop_);
    }
    is_attached_ = false;
    loop_ = nullptr;
}

void ScsiUnit::release_held() {
    if (is_attached_) {
        medium_->engine().release_held();
    }
}

void ScsiUnit::hand_back_held() {
    if (is_attached_) {
        medium_->engine().hand_back_held();
    }
}

void ScsiUnit::reset() {
    state_.locked = false;
    state_.eject_requested = false;
    state_.write_cache = options_.write_cache;
    attentions_ = 0;
    raise(scsi_sense::kReset);
    show_state();
}

void ScsiUnit::raise(const ScsiSense& attention) {
    const auto* const found = std::find(kAttentions.begin(), kAttentions.end(), attention);
    if (found != kAttentions.end()) {
        attentions_ |= 1U << static_cast<unsigned>(found - kAttentions.begin());
    }
}

void ScsiUnit::when_idle(std::function<void()> work) {
    waiting_ = std::move(work);
    release_held();
    settle();
}

void ScsiUnit::settle() {
    if (waiting_ && in_flight_ == 0) {
        std::exchange(waiting_, nullptr)();
    }
}

std::unique_ptr<ScsiMedium> ScsiUnit::change_medium(std::unique_ptr<ScsiMedium> medium) {
    IoLoop* const loop = loop_;
    if (loop != nullptr) {
        detach();
    }
    ++medium_number_;
    std::unique_ptr<ScsiMedium> former = std::exchange(medium_, std::move(medium));
    state_.has_medium = medium_ != nullptr;
    state_.new_medium = state_.has_medium;
    if (state_.has_medium) {
        state_.blocks = medium_->node().capacity().value() / options_.block_size;
        state_.read_only = options_.is_cd || medium_->node().read_only();
        raise(scsi_sense::kMediumMayHaveChanged);
    } else {
        state_.blocks = 0;
    }
    if (loop != nullptr) {
        attach(*loop);
    }
    return former;
}

void ScsiUnit::update_capacity() {
    state_.blocks = medium_->node().capacity().value() / options_.block_size;
    raise(options_.is_cd ? scsi_sense::kMediumMayHaveChanged : scsi_sense::kCapacityChanged);
}

void ScsiUnit::move_tray(bool open) {
    if (state_.tray_open == open) {
        return;
    }
    state_.tray_open = open;
    state_.eject_requested = false;
    if (!open && state_.has_medium) {
        state_.new_medium = true;
        raise(scsi_sense::kMediumMayHaveChanged);
    }
    show_state();
    if (events_ != nullptr) {
        events_->on_tray_moved(open);
    }
}

void ScsiUnit::request_eject(bool unlock) {
    state_.eject_requested = true;
    state_.locked = state_.locked && !unlock;
    show_state();
}

void ScsiUnit::show_state() {
    shown_tray_open_.store(state_.tray_open);
    shown_locked_.store(state_.locked);
}

void ScsiUnit::execute(ScsiTask& task) {
    task.unit_ = this;
    task.status = spec::kGood;
    task.sense = scsi_sense::kGood;
    task.transferred = 0;
    task.cancelled = false;
    task.begun_ns_ = 0;
    task.descriptors_left_ = 0;
    task.moves_data_ = false;
    ++in_flight_;
    if (begin(task)) {
        finish(task);
    }
}

bool ScsiUnit::begin(ScsiTask& task) {
    const ScsiCommand& command = task.command;
    task.sense = is_exempt(command.operation()) ? command.problem : report_attention(command);
    return !task.sense.is_good() || begin_command(task);
}

// A CDB that cannot be read comes first: it is no command that could be told.
ScsiSense ScsiUnit::report_attention(const ScsiCommand& command) {
    if (!command.problem.is_good()) {
        return command.problem;
    }
    for (std::size_t index = 0; index < kAttentions.size(); ++index) {
        if ((attentions_ & 1U << index) != 0) {
            attentions_ &= ~(1U << index);
            return kAttentions[index];
        }
    }
    return scsi_sense::kGood;
}

ScsiSense ScsiUnit::no_medium_sense() const {
    return state_.tray_open ? scsi_sense::kNoMediumOpen : scsi_sense::kNoMediumClosed;
}

bool ScsiUnit::begin_command(ScsiTask& task) {
    const ScsiCommand& command = task.command;
    switch (command.operation()) {
        case spec::kTestUnitReady:
            task.sense = state_.is_ready() ? scsi_sense::kGood : no_medium_sense();
            return true;
        case spec::kInquiry:
        case spec::kRequestSense:
        case spec::kModeSense6:
        case spec::kModeSense10:
        case spec::kGetConfiguration:
        case spec::kGetEventStatus:
        case spec::kReadToc:
        case spec::kReadDiscInformation: tell(task); return true;
        case spec::kModeSelect6:
        case spec::kModeSelect10: return begin_mode_select(task);
        case spec::kStartStopUnit: task.sense = start_stop(command); return true;
        case spec::kPreventAllowRemoval: task.sense = prevent_removal(command); return true;
        default: return begin_on_medium(task);
    }
}

// Not where I/O goes: the reply is large.
void ScsiUnit::tell(ScsiTask& task) {
    const ScsiCommand& command = task.command;
    ScsiReply reply;
    switch (command.operation()) {
        case spec::kInquiry: task.sense = inquiry(command, options_, reply); break;
        case spec::kRequestSense: task.sense = request_sense(command, reply); break;
        case spec::kModeSense6:
        case spec::kModeSense10: task.sense = mode_sense(command, options_, state_, reply); break;
        default: task.sense = tell_of_disc(command, reply);
    }
    if (task.sense.is_good()) {
        task.copy_in(reply.bytes());
    }
}

ScsiSense ScsiUnit::tell_of_disc(const ScsiCommand& command, ScsiReply& reply) {
    const bool needs_disc =
        command.operation() == spec::kReadToc || command.operation() == spec::kReadDiscInformation;
    if (!options_.is_cd) {
        return scsi_sense::kInvalidOperation;
    }
    if (needs_disc && !state_.is_ready()) {
        return no_medium_sense();
    }
    switch (command.operation()) {
        case spec::kReadToc: return read_toc(command, state_, reply);
        case spec::kReadDiscInformation: return read_disc_information(command, reply);
        case spec::kGetConfiguration: return get_configuration(command, state_, reply);
        default: return get_event_status(command, state_, reply);
    }
}

// SPC-4 §6.39: what a unit attention would have told is told here, and is no error.
ScsiSense ScsiUnit::request_sense(const ScsiCommand& command, ScsiReply& reply) {
    constexpr std::uint8_t kDescriptorFormat = 0x01;
    if ((command.cdb[1] & kDescriptorFormat) != 0) {
        return scsi_sense::kInvalidField;
    }
    reply.add_bytes(fixed_sense(report_attention(command)));
    return scsi_sense::kGood;
}

// SBC-3 §5.25, MMC-6 §6.42. Spinning up and down, and power conditions, are nothing here.
ScsiSense ScsiUnit::start_stop(const ScsiCommand& command) {
    constexpr std::uint8_t kStart = 0x01;
    constexpr std::uint8_t kLoadEject = 0x02;
    constexpr std::uint8_t kPowerCondition = 0xf0;
    const std::uint8_t flags = command.cdb[4];
    if ((flags & kPowerCondition) != 0 || (flags & kLoadEject) == 0 || !options_.is_removable()) {
        return scsi_sense::kGood;
    }
    const bool opens = (flags & kStart) == 0;
    if (opens && state_.locked && !state_.tray_open) {
        return scsi_sense::kRemovalPrevented;
    }
    move_tray(opens);
    return scsi_sense::kGood;
}

ScsiSense ScsiUnit::prevent_removal(const ScsiCommand& command) {
    constexpr std::uint8_t kPrevent = 0x03;
    if (options_.is_removable()) {
        state_.locked = (command.cdb[4] & kPrevent) != 0;
        show_state();
    }
    return scsi_sense::kGood;
}

void ScsiUnit::finish(ScsiTask& task) {
    task.status = task.sense.is_good() ? task.status : spec::kCheckCondition;
    leave(task, &ScsiTask::on_done);
}

void ScsiUnit::leave(ScsiTask& task, void (ScsiTask::*why)()) {
    --in_flight_;
    const bool is_idle = in_flight_ == 0 && is_waiting();
    (task.*why)();
    if (is_idle && idle_hook_) {
        idle_hook_();
    }
}

}  // namespace siskin
