// SPDX-License-Identifier: Apache-2.0
// ScsiRequestQueue: the commands of one request queue, from the chain to the unit and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "devices/scsi/scsi_bus.h"
#include "virtio/device.h"
#include "virtio/queue/queue_set.h"
#include "virtio/queue/queue_worker.h"
#include "virtio/queue/request_slots.h"
#include "virtio/scsi/scsi_request.h"

namespace siskin {

// Which commands a task management function is about.
struct ScsiTaskSet {
    std::uint16_t target = 0;
    std::optional<std::uint16_t> lun;  // nothing: all units of the target
    std::optional<std::uint64_t> id;   // nothing: all commands

    [[nodiscard]] bool holds(ScsiAddress address, std::uint64_t tag) const {
        return address.target == target && (!lun || *lun == address.lun) && (!id || *id == tag);
    }
};

// Who owns the queues of a device, and knows its units.
class ScsiQueueOwner {
public:
    virtual ~ScsiQueueOwner() = default;
    [[nodiscard]] virtual ScsiLayout layout() const = 0;
    // Null: there is none.
    [[nodiscard]] virtual ScsiUnit* find_unit(ScsiAddress address) const = 0;
    // The units of a target, in order; none: there is no such target. Valid until the next call.
    [[nodiscard]] virtual std::span<const std::uint16_t> units_of(std::uint16_t target) = 0;

    // A command finished, and no more is in flight in this queue. Do not destroy it here.
    virtual void on_queue_idle() = 0;
    // A command is kept until retry_kept(), as its disk has handed it back.
    virtual void on_handed_back() = 0;
    // One that was counted by cancel() has finished.
    virtual void on_cancelled_task_done() = 0;
    // A command is kept after an error: no queue is served until retry_kept().
    virtual void on_task_kept() = 0;
    virtual void on_guest_error(std::string_view reason) = 0;
    virtual void on_broken_ring(std::string_view reason) = 0;
};

// A fixed pool of as many commands as the queue has entries. Thread: the IoThread's. No lock and no
// allocation a command.
class ScsiRequestQueue final : public ServedQueue, private QueueClient {
public:
    ScsiRequestQueue(ActiveQueue queue, ScsiQueueOwner& owner);
    ~ScsiRequestQueue() override;
    ScsiRequestQueue(const ScsiRequestQueue&) = delete;
    ScsiRequestQueue& operator=(const ScsiRequestQueue&) = delete;

    [[nodiscard]] QueueWorker& worker() override { return worker_; }
    [[nodiscard]] std::size_t in_flight() const override { return slots_.in_flight(); }
    void retry_kept() override;

    // Commands that are under way.
    [[nodiscard]] std::size_t count(const ScsiTaskSet& tasks) const;
    // They end as soon as they can. Where the response is not kScsiOk it is theirs, and
    // on_cancelled_task_done() is called for each. Returns how many.
    [[nodiscard]] std::size_t cancel(const ScsiTaskSet& tasks, std::uint8_t response);
    // The unit goes; what is kept for it will find no target.
    void forget(const ScsiUnit& unit);

private:
    class Slot;

    [[nodiscard]] bool has_room() const override { return slots_.has_room(); }
    void on_chain(const DescriptorChain& chain) override;
    void on_bad_chain(std::string_view reason) override { owner_.on_guest_error(reason); }
    void on_broken_ring(std::string_view reason) override { owner_.on_broken_ring(reason); }

    void start(ScsiRequest& request, Slot& slot);
    void run(ScsiAddress address, Slot& slot);
    void keep_failed(Slot& slot);
    void keep_handed_back(Slot& slot);
    void keep(Slot& slot);
    // With the response of the transport, and what the task's end says.
    void answer(Slot& slot, std::uint8_t response);
    void write_response(const Slot& slot, std::span<const std::uint8_t> bytes) const;

    QueueWorker worker_;
    ScsiQueueOwner& owner_;
    RequestSlots<Slot> slots_;
};

}  // namespace siskin
