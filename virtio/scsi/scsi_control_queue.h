// SPDX-License-Identifier: Apache-2.0
// ScsiControlQueue: task management and asynchronous notification requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/memory/guest_span.h"
#include "virtio/device.h"
#include "virtio/queue/chain_reader.h"
#include "virtio/queue/queue_set.h"
#include "virtio/queue/queue_worker.h"
#include "virtio/scsi/scsi_request_queue.h"
#include "virtio/scsi/spec.h"

namespace siskin {

// What task management does to the commands of all request queues.
class ScsiTaskManager {
public:
    virtual ~ScsiTaskManager() = default;
    [[nodiscard]] virtual std::size_t count_tasks(const ScsiTaskSet& tasks) const = 0;
    // As ScsiRequestQueue::cancel(); they are done when as many on_cancelled_task_done() came.
    [[nodiscard]] virtual std::size_t cancel_tasks(const ScsiTaskSet& tasks,
                                                   std::uint8_t response) = 0;
    // ScsiUnit::reset() of one unit, or of all of a target.
    virtual void reset_units(std::uint16_t target, std::optional<std::uint16_t> lun) = 0;
};

// One function at a time: the next chain is taken when the former one has been answered. So what
// waits is bounded, and each command is waited for by one function. Thread: the IoThread's.
class ScsiControlQueue final : public ServedQueue, private QueueClient {
public:
    ScsiControlQueue(ActiveQueue queue, ScsiQueueOwner& owner, ScsiTaskManager& tasks)
        : worker_(std::move(queue), *this), owner_(owner), tasks_(tasks) {}

    [[nodiscard]] QueueWorker& worker() override { return worker_; }
    [[nodiscard]] std::size_t in_flight() const override { return is_waiting_ ? 1 : 0; }

    // A command that was cancelled has finished.
    void on_task_done();

private:
    [[nodiscard]] bool has_room() const override { return !is_waiting_; }
    void on_chain(const DescriptorChain& chain) override;
    void on_bad_chain(std::string_view reason) override { owner_.on_guest_error(reason); }
    void on_broken_ring(std::string_view reason) override { owner_.on_broken_ring(reason); }

    void refuse(const DescriptorChain& chain, std::string_view reason);
    void manage(ChainReader& reader, const DescriptorChain& chain);
    void answer_notification(ChainReader& reader, const DescriptorChain& chain);
    // The response, or nothing: commands that were cancelled have to finish first.
    [[nodiscard]] std::optional<std::uint8_t> begin(
        const virtio_spec::ScsiTaskManagementRequest& request);
    [[nodiscard]] std::optional<std::uint8_t> cancel(const ScsiTaskSet& set, std::uint8_t response);

    QueueWorker worker_;
    ScsiQueueOwner& owner_;
    ScsiTaskManager& tasks_;
    bool is_waiting_ = false;
    std::size_t waits_for_ = 0;
    ChainHead head_;
    GuestSpan response_;
};

}  // namespace siskin
