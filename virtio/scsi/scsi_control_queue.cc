// SPDX-License-Identifier: Apache-2.0
// ScsiControlQueue.
#include "virtio/scsi/scsi_control_queue.h"

#include "base/endian.h"
#include "virtio/queue/chain_writer.h"

namespace siskin {

namespace spec = virtio_spec;

void ScsiControlQueue::on_chain(const DescriptorChain& chain) {
    ChainReader reader(chain);
    const auto type = reader.read<ule32>();
    if (!type) {
        refuse(chain, "SCSI control request without a type");
        return;
    }
    switch (*type) {
        case spec::kScsiTaskManagement: manage(reader, chain); break;
        case spec::kScsiNotificationQuery:
        case spec::kScsiNotificationSubscribe: answer_notification(reader, chain); break;
        default: refuse(chain, "SCSI control request of an unknown type");
    }
}

void ScsiControlQueue::refuse(const DescriptorChain& chain, std::string_view reason) {
    worker_.complete(chain.head(), 0);
    owner_.on_guest_error(reason);
}

void ScsiControlQueue::manage(ChainReader& reader, const DescriptorChain& chain) {
    const auto request = reader.read<spec::ScsiTaskManagementRequest>();
    if (!request || chain.writable().empty()) {
        refuse(chain, "SCSI task management request that is cut short");
        return;
    }
    head_ = chain.head();
    response_ = GuestSpan(chain.writable().front().data(), 1);
    if (const std::optional<std::uint8_t> response = begin(*request)) {
        response_.write(*response);
        worker_.complete(head_, 1);
    }
}

// §5.6.6.2: the effects come before the function completes.
std::optional<std::uint8_t> ScsiControlQueue::begin(
    const spec::ScsiTaskManagementRequest& request) {
    const std::optional<ScsiAddress> address = scsi_address_of(request.lun);
    if (!address || owner_.units_of(address->target).empty()) {
        return spec::kScsiBadTarget;
    }
    ScsiTaskSet set{address->target, address->lun, std::nullopt};
    if (request.subtype == spec::kScsiNexusReset) {
        set.lun.reset();
    } else if (owner_.find_unit(*address) == nullptr) {
        return spec::kScsiIncorrectLun;
    }
    switch (request.subtype) {
        case spec::kScsiAbortTask: set.id = request.id; return cancel(set, spec::kScsiAborted);
        case spec::kScsiAbortTaskSet:
        case spec::kScsiClearTaskSet: return cancel(set, spec::kScsiAborted);
        case spec::kScsiNexusReset:
        case spec::kScsiUnitReset:
            tasks_.reset_units(set.target, set.lun);
            return cancel(set, spec::kScsiReset);
        case spec::kScsiQueryTask: set.id = request.id; [[fallthrough]];
        case spec::kScsiQueryTaskSet:
            return tasks_.count_tasks(set) != 0 ? spec::kScsiFunctionSucceeded
                                                : spec::kScsiFunctionComplete;
        default: return spec::kScsiFunctionRejected;  // CLEAR ACA: there is no such condition
    }
}

std::optional<std::uint8_t> ScsiControlQueue::cancel(const ScsiTaskSet& set,
                                                     std::uint8_t response) {
    // Before, as a command may end inside the call.
    is_waiting_ = true;
    waits_for_ = tasks_.cancel_tasks(set, response);
    is_waiting_ = waits_for_ != 0;
    return is_waiting_ ? std::nullopt : std::optional(spec::kScsiFunctionComplete);
}

void ScsiControlQueue::on_task_done() {
    if (!is_waiting_ || --waits_for_ != 0) {
        return;
    }
    is_waiting_ = false;
    response_.write(spec::kScsiFunctionComplete);
    worker_.complete(head_, 1);
    owner_.on_queue_idle();
}

// §5.6.6.2: no unit reports events of a physical interface.
void ScsiControlQueue::answer_notification(ChainReader& reader, const DescriptorChain& chain) {
    const auto request = reader.read<spec::ScsiNotificationRequest>();
    if (!request || total_size(chain.writable()) < sizeof(spec::ScsiNotificationResponse)) {
        refuse(chain, "SCSI notification request that is cut short");
        return;
    }
    spec::ScsiNotificationResponse response;
    const std::optional<ScsiAddress> address = scsi_address_of(request->lun);
    if (!address || owner_.units_of(address->target).empty()) {
        response.response = spec::kScsiBadTarget;
    } else if (owner_.find_unit(*address) == nullptr) {
        response.response = spec::kScsiIncorrectLun;
    }
    ChainWriter writer(chain);
    worker_.complete(chain.head(), static_cast<std::uint32_t>(writer.write(response)));
}

}  // namespace siskin
