// SPDX-License-Identifier: Apache-2.0
// ScsiUnit: commands that do I/O on the medium.
#include <array>

#include "devices/scsi/scsi_inquiry.h"
#include "devices/scsi/scsi_mode_pages.h"
#include "devices/scsi/scsi_unit.h"

namespace siskin {

namespace spec = scsi_spec;

bool ScsiUnit::begin_on_medium(ScsiTask& task) {
    const ScsiCommand& command = task.command;
    if (!state_.is_ready()) {
        task.sense = no_medium_sense();
        return true;
    }
    if (is_waiting() || in_flight_ > tasks_max_) {
        task.status = is_waiting() ? spec::kBusy : spec::kTaskSetFull;
        return true;
    }
    if (!is_attached_) {
        task.sense = scsi_sense::kTargetFailure;
        return true;
    }
    switch (command.operation()) {
        case spec::kReadCapacity10:
        case spec::kServiceActionIn16: {
            ScsiReply reply;
            const bool is_short = command.operation() == spec::kReadCapacity10;
            task.sense = is_short ? read_capacity_10(command, options_, state_.blocks, reply)
                                  : read_capacity_16(command, options_, state_.blocks, reply);
            if (task.sense.is_good()) {
                task.copy_in(reply.bytes());
            }
            return true;
        }
        case spec::kRead6:
        case spec::kRead10:
        case spec::kRead12:
        case spec::kRead16: return begin_read(task);
        case spec::kWrite6:
        case spec::kWrite10:
        case spec::kWrite12:
        case spec::kWrite16:
        case spec::kWriteAndVerify10:
        case spec::kWriteAndVerify12:
        case spec::kWriteAndVerify16: return begin_write(task);
        case spec::kVerify10:
        case spec::kVerify12:
        case spec::kVerify16: return begin_verify(task);
        case spec::kSynchronizeCache10:
        case spec::kSynchronizeCache16: return begin_flush(task);
        case spec::kWriteSame10:
        case spec::kWriteSame16: return begin_write_same(task);
        case spec::kUnmap: return begin_unmap(task);
        default: task.sense = scsi_sense::kInvalidOperation; return true;
    }
}

ScsiSense ScsiUnit::check_range(const ScsiCommand& command) const {
    if (command.lba > state_.blocks || command.blocks > state_.blocks - command.lba) {
        return scsi_sense::kOutOfRange;
    }
    return scsi_sense::kGood;
}

namespace {

// RDPROTECT and WRPROTECT: no protection information is kept (SBC-3 §5.11).
bool wants_protection(const ScsiCommand& command) {
    constexpr std::uint8_t kProtection = 0xe0;
    const bool is_short =
        command.operation() == spec::kRead6 || command.operation() == spec::kWrite6;
    return !is_short && (command.cdb[1] & kProtection) != 0;
}

// FUA. WRITE AND VERIFY has it implied (SBC-3 §5.41).
bool forces_unit_access(const ScsiCommand& command) {
    constexpr std::uint8_t kForce = 0x08;
    switch (command.operation()) {
        case spec::kWrite6: return false;
        case spec::kWriteAndVerify10:
        case spec::kWriteAndVerify12:
        case spec::kWriteAndVerify16: return true;
        default: return (command.cdb[1] & kForce) != 0;
    }
}

}  // namespace

void ScsiUnit::count_as(ScsiTask& task, BlockAccount account, std::uint64_t offset,
                        std::uint64_t size) {
    task.account_ = account;
    task.size_ = size;
    task.end_ = offset + size;
}

void ScsiUnit::submit(ScsiTask& task) {
    task.begun_ns_ = monotonic_ns();
    task.medium_number_ = medium_number_;
    medium_->engine().submit(task);
}

bool ScsiUnit::begin_read(ScsiTask& task) {
    const ScsiCommand& command = task.command;
    task.account_ = BlockAccount::Read;
    task.sense = wants_protection(command) || command.data_size > options_.max_io_size
                     ? scsi_sense::kInvalidField
                     : check_range(command);
    if (!task.sense.is_good() || command.blocks == 0) {
        if (!task.sense.is_good()) {
            counters_.count_invalid(BlockAccount::Read, options_.account_invalid, monotonic_ns());
        }
        return true;
    }
    const std::uint64_t offset = command.lba * options_.block_size;
    count_as(task, BlockAccount::Read, offset, command.data_size);
    task.moves_data_ = true;
    task.prepare_read(offset, task.data);
    submit(task);
    return false;
}

bool ScsiUnit::begin_write(ScsiTask& task) {
    const ScsiCommand& command = task.command;
    if (state_.read_only) {
        task.sense = scsi_sense::kWriteProtected;
    } else if (wants_protection(command) || command.data_size > options_.max_io_size) {
        task.sense = scsi_sense::kInvalidField;
    } else {
        task.sense = check_range(command);
    }
    if (!task.sense.is_good()) {
        counters_.count_invalid(BlockAccount::Write, options_.account_invalid, monotonic_ns());
        return true;
    }
    if (command.blocks == 0) {
        return true;
    }
    const std::uint64_t offset = command.lba * options_.block_size;
    count_as(task, BlockAccount::Write, offset, command.data_size);
    task.moves_data_ = true;
    task.prepare_write(offset, task.data, forces_unit_access(command) || !state_.write_cache);
    submit(task);
    return false;
}

// SBC-3 §5.35. Nothing is compared with what the driver sends, and what was written is there.
bool ScsiUnit::begin_verify(ScsiTask& task) const {
    constexpr std::uint8_t kByteCheck = 0x06;
    task.sense = wants_protection(task.command) || (task.command.cdb[1] & kByteCheck) != 0
                     ? scsi_sense::kInvalidField
                     : check_range(task.command);
    return true;
}

// SBC-3 §5.27: all of the cache, whatever the range, and not before it is done.
bool ScsiUnit::begin_flush(ScsiTask& task) {
    task.sense = check_range(task.command);
    if (!task.sense.is_good()) {
        return true;
    }
    count_as(task, BlockAccount::Flush, 0, 0);
    task.prepare_flush();
    submit(task);
    return false;
}

// SBC-3 §5.48 and §5.49, of zeroes.
bool ScsiUnit::begin_write_same(ScsiTask& task) {
    constexpr std::uint8_t kUnmap = 0x08;
    constexpr std::uint8_t kNoDataOut = 0x01;
    const ScsiCommand& command = task.command;
    const bool is_long = command.operation() == spec::kWriteSame16;
    const auto allowed = static_cast<std::uint8_t>(kUnmap | (is_long ? kNoDataOut : 0));
    const std::uint64_t size = std::uint64_t{command.blocks} * options_.block_size;
    if (options_.is_cd) {
        task.sense = scsi_sense::kInvalidOperation;
    } else if (state_.read_only) {
        task.sense = scsi_sense::kWriteProtected;
    } else if ((command.cdb[1] & ~allowed) != 0 || size == 0 || size > options_.max_unmap_size) {
        task.sense = scsi_sense::kInvalidField;
    } else {
        task.sense = check_range(command);
    }
    if (task.sense.is_good() && !task.is_all_zero()) {
        task.sense = scsi_sense::kInvalidParameter;
    }
    if (!task.sense.is_good()) {
        counters_.count_invalid(BlockAccount::Write, options_.account_invalid, monotonic_ns());
        return true;
    }
    const std::uint64_t offset = command.lba * options_.block_size;
    count_as(task, BlockAccount::Write, offset, size);
    task.transferred = command.data_size;
    const bool may_unmap = (command.cdb[1] & kUnmap) != 0 && medium_->node().limits().unmap;
    task.prepare_write_zeroes(offset, size, may_unmap, !state_.write_cache);
    submit(task);
    return false;
}

namespace {

constexpr std::size_t kUnmapHeaderSize = 8;
constexpr std::size_t kUnmapDescriptorSize = 16;

}  // namespace

// SBC-3 §5.28: a list of ranges, of which one is done after the other.
bool ScsiUnit::begin_unmap(ScsiTask& task) {
    constexpr std::uint8_t kAnchor = 0x01;
    const ScsiCommand& command = task.command;
    if (options_.is_cd) {
        task.sense = scsi_sense::kInvalidOperation;
    } else if (state_.read_only) {
        task.sense = scsi_sense::kWriteProtected;
    } else if ((command.cdb[1] & kAnchor) != 0) {
        task.sense = scsi_sense::kInvalidField;
    }
    if (!task.sense.is_good() || command.data_size == 0) {
        return true;
    }
    std::array<std::uint8_t, kUnmapHeaderSize> header{};
    if (command.data_size < header.size()) {
        task.sense = scsi_sense::kParameterListLength;
        return true;
    }
    task.copy_out(0, header);
    const std::uint64_t list_size = big_endian(std::span(header).subspan(2, 2));
    if (list_size % kUnmapDescriptorSize != 0) {
        task.sense = scsi_sense::kInvalidParameter;
        return true;
    }
    if (list_size > command.data_size - header.size()) {
        task.sense = scsi_sense::kParameterListLength;
        return true;
    }
    task.descriptors_left_ = static_cast<std::uint32_t>(list_size / kUnmapDescriptorSize);
    if (task.descriptors_left_ > kUnmapDescriptorsMax) {
        task.sense = scsi_sense::kInvalidParameter;
        task.descriptors_left_ = 0;
        return true;
    }
    task.next_descriptor_ = header.size();
    task.transferred = command.data_size;
    return next_unmap(task);
}

// Each descriptor is read once, when its turn comes.
bool ScsiUnit::next_unmap(ScsiTask& task) {
    while (task.descriptors_left_ != 0) {
        std::array<std::uint8_t, kUnmapDescriptorSize> descriptor{};
        task.copy_out(task.next_descriptor_, descriptor);
        task.next_descriptor_ += descriptor.size();
        --task.descriptors_left_;
        ScsiCommand range;
        range.lba = big_endian(std::span(descriptor).first(8));
        range.blocks = static_cast<std::uint32_t>(big_endian(std::span(descriptor).subspan(8, 4)));
        const std::uint64_t size = std::uint64_t{range.blocks} * options_.block_size;
        task.sense = check_range(range);
        if (task.sense.is_good() && size > options_.max_unmap_size) {
            task.sense = scsi_sense::kInvalidParameter;
        }
        if (!task.sense.is_good()) {
            counters_.count_invalid(BlockAccount::Unmap, options_.account_invalid, monotonic_ns());
            return true;
        }
        if (size != 0) {
            const std::uint64_t offset = range.lba * options_.block_size;
            count_as(task, BlockAccount::Unmap, offset, size);
            task.prepare_discard(offset, size);
            submit(task);
            return false;
        }
    }
    return true;
}

// A cache that is switched off leaves nothing that is not durable.
bool ScsiUnit::begin_mode_select(ScsiTask& task) {
    std::array<std::uint8_t, kModeListSizeMax> list{};
    if (task.command.data_size > list.size()) {
        task.sense = scsi_sense::kParameterListLength;
        return true;
    }
    const auto bytes = std::span(list).first(static_cast<std::size_t>(task.command.data_size));
    task.copy_out(0, bytes);
    bool write_cache = state_.write_cache;
    task.sense = mode_select(task.command, options_, state_, bytes, write_cache);
    if (!task.sense.is_good()) {
        return true;
    }
    task.transferred = task.command.data_size;
    const bool is_flush_due = state_.write_cache && !write_cache && is_attached_;
    if (is_flush_due && (is_waiting() || in_flight_ > tasks_max_)) {
        task.status = is_waiting() ? spec::kBusy : spec::kTaskSetFull;
        task.transferred = 0;
        return true;
    }
    state_.write_cache = write_cache;
    if (!is_flush_due) {
        return true;
    }
    count_as(task, BlockAccount::Flush, 0, 0);
    task.prepare_flush();
    submit(task);
    return false;
}

void ScsiUnit::on_step_lost(ScsiTask& task) {
    if (task.cancelled) {
        task.transferred = 0;
        finish(task);
    } else {
        leave(task, &ScsiTask::on_handed_back);
    }
}

void ScsiUnit::on_step_done(ScsiTask& task, int error_number) {
    const bool is_read = task.account_ == BlockAccount::Read;
    const std::uint64_t now = monotonic_ns();
    if (error_number == BlockEngine::kLost) {
        on_step_lost(task);
        return;
    }
    if (error_number != 0) {
        const BlockErrorAction action = error_action(
            is_read ? options_.on_read_error : options_.on_write_error, is_read, error_number);
        const bool is_kept = action == BlockErrorAction::Stop && !task.cancelled;
        if (is_kept) {
            stop_error_.store(error_number);
            leave(task, &ScsiTask::on_kept);
        }
        if (errors_ != nullptr) {
            errors_->on_block_error(BlockError{is_read, action, error_number});
        }
        if (is_kept) {
            return;
        }
        if (action != BlockErrorAction::Ignore) {
            counters_.count_failed(task.account_, options_.account_failed, task.begun_ns_, now);
            task.sense = sense_of_errno(error_number, is_read);
            task.transferred = 0;
            finish(task);
            return;
        }
    }
    counters_.count_done(task.account_, task.size_, task.begun_ns_, now);
    if (task.account_ == BlockAccount::Write) {
        counters_.note_write_end(task.end_);
    }
    if (task.moves_data_) {
        task.transferred = task.size_;
    }
    if (task.cancelled || next_unmap(task)) {
        finish(task);
    }
}

void ScsiUnit::retry(ScsiTask& task) {
    ++in_flight_;
    const bool is_there = state_.is_ready() && is_attached_;
    // The medium may have shrunk, or gone, meanwhile; another one is not what was meant.
    if (!is_there || task.medium_number_ != medium_number_ ||
        task.end_ > state_.blocks * options_.block_size) {
        task.sense = !is_there                               ? no_medium_sense()
                     : task.medium_number_ != medium_number_ ? scsi_sense::kMediumMayHaveChanged
                                                             : scsi_sense::kOutOfRange;
        task.transferred = 0;
        finish(task);
        return;
    }
    task.prepare_again();
    medium_->engine().submit(task);
}

}  // namespace siskin
