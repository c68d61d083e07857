// SPDX-License-Identifier: Apache-2.0
// ScsiRequestQueue.
#include "virtio/scsi/scsi_request_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "devices/scsi/scsi_target.h"
#include "virtio/queue/gather_buffers.h"

namespace siskin {

namespace spec = virtio_spec;

// One command in flight.
class ScsiRequestQueue::Slot final : public ScsiTask, public RequestSlot<ScsiRequestQueue::Slot> {
public:
    void on_done() override { queue->answer(*this, cancel_response); }
    void on_kept() override { queue->keep_failed(*this); }
    void on_handed_back() override { queue->keep_handed_back(*this); }

    ScsiRequestQueue* queue = nullptr;
    bool is_running = false;  // at a unit
    std::uint64_t id = 0;     // the driver's tag
    ScsiAddress address;
    ScsiUnit* unit = nullptr;
    ChainHead head;
    std::size_t response_count = 0;    // of buffers, the first ones
    std::uint32_t sense_size = 0;      // of the response
    std::uint64_t data_size = 0;       // all that the driver lent, in both directions
    std::uint8_t cancel_response = 0;  // not 0: it was cancelled
};

ScsiRequestQueue::ScsiRequestQueue(ActiveQueue queue, ScsiQueueOwner& owner)
    : worker_(std::move(queue), *this),
      owner_(owner),
      // A descriptor that the end of the response cuts is two buffers.
      slots_(worker_.queue_size(), worker_.chain_length_max() + std::size_t{1}) {
    for (Slot& slot : slots_.all()) {
        slot.queue = this;
    }
}

ScsiRequestQueue::~ScsiRequestQueue() = default;

void ScsiRequestQueue::on_chain(const DescriptorChain& chain) {
    const ScsiLayout layout = owner_.layout();
    ScsiRequest request = parse_scsi_request(chain, layout);
    if (request.is_malformed) {
        worker_.complete(chain.head(), 0);
        owner_.on_guest_error("SCSI request without a whole header, or room for its response");
        return;
    }
    Slot& slot = slots_.take();
    slot.is_running = false;
    slot.id = request.id;
    slot.unit = nullptr;
    slot.head = chain.head();
    slot.sense_size = layout.sense_size;
    slot.cancel_response = spec::kScsiOk;
    slot.status = scsi_spec::kGood;
    slot.sense = scsi_sense::kGood;
    slot.transferred = 0;
    slot.data_size = request.data_out_size + request.data_in_size;
    slot.response_count = gather_buffers(request.writable, layout.response_size(), slot.iovecs);
    start(request, slot);
}

void ScsiRequestQueue::start(ScsiRequest& request, Slot& slot) {
    const std::optional<ScsiAddress> address = scsi_address_of(request.lun);
    if (!address || owner_.units_of(address->target).empty()) {
        answer(slot, spec::kScsiBadTarget);
        return;
    }
    // §5.6.6.1.1: INOUT is not offered.
    if (request.data_out_size != 0 && request.data_in_size != 0) {
        answer(slot, spec::kScsiFailure);
        return;
    }
    slot.unit = owner_.find_unit(*address);
    slot.command = read_command(request.command(),
                                slot.unit == nullptr ? 512 : slot.unit->options().block_size);
    slot.data = {};
    if (slot.command.problem.is_good() && slot.command.direction != ScsiDirection::None) {
        const bool to_driver = slot.command.direction == ScsiDirection::ToDriver;
        const std::uint64_t room = to_driver ? request.data_in_size : request.data_out_size;
        if (slot.command.data_size > room) {
            answer(slot, spec::kScsiOverrun);
            return;
        }
        iovec* const buffers = slot.iovecs + slot.response_count;
        slot.data =
            std::span(buffers, gather_buffers(to_driver ? request.writable : request.data_out,
                                              slot.command.data_size, buffers));
    }
    run(*address, slot);
}

void ScsiRequestQueue::run(ScsiAddress address, Slot& slot) {
    if (slot.command.operation() == scsi_spec::kReportLuns) {
        report_luns(slot, owner_.units_of(address.target));
        answer(slot, spec::kScsiOk);
    } else if (slot.unit == nullptr) {
        execute_on_absent_unit(slot, address.lun);
        answer(slot, spec::kScsiOk);
    } else {
        slot.address = address;
        slot.is_running = true;
        slot.unit->execute(slot);
    }
}

void ScsiRequestQueue::answer(Slot& slot, std::uint8_t response) {
    const bool was_cancelled = slot.is_running && slot.cancel_response != spec::kScsiOk;
    slot.is_running = false;
    // The sense data, and zeroes behind it: the data follows without a gap.
    std::array<std::uint8_t, sizeof(spec::ScsiResponseHeader) + ScsiLayout::kSenseSizeMax> bytes{};
    spec::ScsiResponseHeader header;
    header.residual = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(slot.data_size - slot.transferred, 0xffffffff));
    header.response = response;
    header.status = response == spec::kScsiOk ? slot.status : std::uint8_t{0};
    if (header.status == scsi_spec::kCheckCondition) {
        const FixedSense sense = fixed_sense(slot.sense);
        const auto size = std::min<std::size_t>(sense.size(), slot.sense_size);
        header.sense_len = static_cast<std::uint32_t>(size);
        std::copy_n(sense.begin(), size, bytes.begin() + sizeof(header));
    }
    std::memcpy(bytes.data(), &header, sizeof(header));
    const std::size_t response_size = sizeof(header) + slot.sense_size;
    write_response(slot, std::span(bytes).first(response_size));
    const bool wrote_data = slot.command.direction == ScsiDirection::ToDriver;
    const std::uint64_t written = response_size + (wrote_data ? slot.transferred : 0);
    worker_.complete(slot.head,
                     static_cast<std::uint32_t>(std::min<std::uint64_t>(written, 0xffffffff)));
    slots_.give_back(slot);
    if (was_cancelled) {
        owner_.on_cancelled_task_done();
    }
    if (slots_.in_flight() == 0) {
        owner_.on_queue_idle();
    }
}

void ScsiRequestQueue::write_response(const Slot& slot, std::span<const std::uint8_t> bytes) const {
    for (std::size_t index = 0; index < slot.response_count; ++index) {
        const iovec& buffer = slot.iovecs[index];
        std::memcpy(buffer.iov_base, bytes.data(), buffer.iov_len);
        bytes = bytes.subspan(buffer.iov_len);
    }
}

std::size_t ScsiRequestQueue::count(const ScsiTaskSet& tasks) const {
    std::size_t count = 0;
    for (const Slot& slot : slots_.all()) {
        count += slot.is_running && tasks.holds(slot.address, slot.id) ? 1 : 0;
    }
    return count;
}

std::size_t ScsiRequestQueue::cancel(const ScsiTaskSet& tasks, std::uint8_t response) {
    std::size_t count = 0;
    for (Slot& slot : slots_.all()) {
        if (slot.is_running && tasks.holds(slot.address, slot.id)) {
            slot.cancelled = true;
            slot.cancel_response = response == spec::kScsiOk ? slot.cancel_response : response;
            ++count;
        }
    }
    return count;
}

void ScsiRequestQueue::forget(const ScsiUnit& unit) {
    slots_.for_each_kept([&](Slot& slot) { slot.unit = slot.unit == &unit ? nullptr : slot.unit; });
}

void ScsiRequestQueue::keep_failed(Slot& slot) {
    // First, so that no new chain is taken once this one is kept.
    owner_.on_task_kept();
    keep(slot);
}

void ScsiRequestQueue::keep_handed_back(Slot& slot) {
    owner_.on_handed_back();
    keep(slot);
}

void ScsiRequestQueue::keep(Slot& slot) {
    slot.is_running = false;
    slots_.keep(slot);
    if (slots_.in_flight() == 0) {
        owner_.on_queue_idle();
    }
}

void ScsiRequestQueue::retry_kept() {
    slots_.retry_kept([this](Slot& slot) {
        if (slot.unit == nullptr) {
            slot.transferred = 0;
            answer(slot, spec::kScsiBadTarget);
        } else {
            slot.is_running = true;
            slot.unit->retry(slot);
        }
    });
}

}  // namespace siskin
