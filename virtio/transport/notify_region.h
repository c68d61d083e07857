// SPDX-License-Identifier: Apache-2.0
// NotifyRegion: the doorbells of a device's queues (virtio 1.2 §4.1.4.4).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bus/doorbell.h"
#include "base/bus/io_handler.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

// A write at queue index * kMultiplier, of any value and width, signals the queue's kick: in the
// kernel where a doorbell is bound, else here on the vCPU's thread. Both while the queue is armed.
// Of a queue that a legacy driver has, the doorbell is at the legacy interface's port instead,
// where the value tells the queue (§4.1.4.10); LegacyConfig hands on what the kernel does not take.
// The address alone tells the queue, so VIRTIO_F_NOTIFICATION_DATA, where the value is another one
// each time, changes nothing (§4.1.5.2).
// Thread: any vCPU or the VM loop, under MachineLock.
class NotifyRegion final : public IoHandler {
public:
    static constexpr std::uint32_t kMultiplier = 4;  // notify_off_multiplier

    // `registry` null: no doorbells in the kernel. `subject` begins log lines.
    [[nodiscard]] static Result<std::unique_ptr<NotifyRegion>> create(std::size_t queue_count,
                                                                      DoorbellRegistry* registry,
                                                                      std::string subject);

    [[nodiscard]] std::uint64_t read(IoAccess) override { return 0; }
    void write(IoAccess access, std::uint64_t value) override;

    [[nodiscard]] const EventFd& kick(std::size_t queue) const { return queues_[queue].kick; }
    // Kicks count from now on; one that was left over is forgotten. `by`: where the doorbell is.
    void arm(std::size_t queue, DoorbellSpace by = DoorbellSpace::Memory);
    // As a write for this queue.
    void ring(std::size_t queue);
    void disarm(std::size_t queue);
    void disarm_all();
    // Where the region is in guest memory, or the legacy notification register in the ports, or
    // nothing: doorbells follow.
    void move_to(std::optional<GuestAddress> address, DoorbellSpace space = DoorbellSpace::Memory);
    // Doorbells bound in the kernel now.
    [[nodiscard]] std::size_t bound_count() const;

private:
    struct Queue {
        EventFd kick;
        bool armed = false;
        DoorbellSpace by = DoorbellSpace::Memory;
        std::unique_ptr<Binding> doorbell;  // goes before the event
    };

    NotifyRegion(std::vector<Queue> queues, DoorbellRegistry* registry, std::string subject)
        : queues_(std::move(queues)), registry_(registry), subject_(std::move(subject)) {}
    void bind(std::size_t index);

    std::vector<Queue> queues_;
    DoorbellRegistry* registry_;
    std::string subject_;
    std::optional<GuestAddress> address_;
    std::optional<GuestAddress> port_;
    bool told_failure_ = false;
};

}  // namespace siskin
