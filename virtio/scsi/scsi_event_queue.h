// SPDX-License-Identifier: Apache-2.0
// ScsiEventQueue: tells the driver of units that come, go and change.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "virtio/device.h"
#include "virtio/queue/queue_set.h"
#include "virtio/queue/queue_worker.h"
#include "virtio/scsi/scsi_request_queue.h"
#include "virtio/scsi/spec.h"

namespace siskin {

// Takes a buffer when there is an event for it. Events wait while there is no buffer; when too many
// do, the next one says that others were lost (virtio 1.2 §5.6.6.3). Thread: the IoThread's.
class ScsiEventQueue final : public ServedQueue, private QueueClient {
public:
    static constexpr std::size_t kWaitingMax = 64;

    ScsiEventQueue(ActiveQueue queue, ScsiQueueOwner& owner)
        : worker_(std::move(queue), *this), owner_(owner) {}

    [[nodiscard]] QueueWorker& worker() override { return worker_; }
    [[nodiscard]] std::size_t in_flight() const override { return 0; }

    // The worker is to look at the ring then, if it is served.
    void add(const virtio_spec::ScsiEvent& event);

private:
    [[nodiscard]] bool has_room() const override { return count_ != 0; }
    void on_chain(const DescriptorChain& chain) override;
    void on_bad_chain(std::string_view reason) override { owner_.on_guest_error(reason); }
    void on_broken_ring(std::string_view reason) override { owner_.on_broken_ring(reason); }

    QueueWorker worker_;
    ScsiQueueOwner& owner_;
    std::array<virtio_spec::ScsiEvent, kWaitingMax> waiting_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    bool missed_ = false;
};

}  // namespace siskin
