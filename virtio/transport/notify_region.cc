// SPDX-License-Identifier: Apache-2.0
// NotifyRegion.
#include "virtio/transport/notify_region.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace siskin {

Result<std::unique_ptr<NotifyRegion>> NotifyRegion::create(std::size_t queue_count,
                                                           DoorbellRegistry* registry,
                                                           std::string subject) {
    std::vector<Queue> queues;
    for (std::size_t index = 0; index < queue_count; ++index) {
        queues.push_back(
            Queue{SISKIN_TRY(EventFd::create()), false, DoorbellSpace::Memory, nullptr});
    }
    return std::unique_ptr<NotifyRegion>(
        new NotifyRegion(std::move(queues), registry, std::move(subject)));
}

void NotifyRegion::write(IoAccess access, std::uint64_t) {
    const std::uint64_t index = access.offset / kMultiplier;
    if (access.offset % kMultiplier == 0) {
        ring(index);
    }
}

void NotifyRegion::ring(std::size_t queue) {
    if (queue < queues_.size() && queues_[queue].armed) {
        queues_[queue].kick.signal();
    }
}

void NotifyRegion::arm(std::size_t queue, DoorbellSpace by) {
    [[maybe_unused]] const auto left_over = queues_[queue].kick.take();
    queues_[queue].armed = true;
    queues_[queue].by = by;
    bind(queue);
}

void NotifyRegion::disarm(std::size_t queue) {
    queues_[queue].doorbell.reset();
    queues_[queue].armed = false;
}

void NotifyRegion::disarm_all() {
    for (std::size_t queue = 0; queue < queues_.size(); ++queue) {
        disarm(queue);
    }
}

void NotifyRegion::move_to(std::optional<GuestAddress> address, DoorbellSpace space) {
    (space == DoorbellSpace::Memory ? address_ : port_) = address;
    for (Queue& queue : queues_) {
        if (queue.by == space) {
            queue.doorbell.reset();
        }
    }
    for (std::size_t index = 0; index < queues_.size(); ++index) {
        bind(index);
    }
}

std::size_t NotifyRegion::bound_count() const {
    return static_cast<std::size_t>(
        std::count_if(queues_.begin(), queues_.end(),
                      [](const Queue& queue) { return queue.doorbell != nullptr; }));
}

void NotifyRegion::bind(std::size_t index) {
    Queue& queue = queues_[index];
    const bool by_memory = queue.by == DoorbellSpace::Memory;
    const std::optional<GuestAddress>& base = by_memory ? address_ : port_;
    if (registry_ == nullptr || !base || !queue.armed || queue.doorbell != nullptr) {
        return;
    }
    DoorbellAddress doorbell;
    doorbell.space = queue.by;
    if (by_memory) {
        doorbell.address = GuestAddress{base->value() + index * kMultiplier};
    } else {
        doorbell.address = *base;
        doorbell.width = 2;
        doorbell.match = index;
    }
    auto bound = registry_->bind(queue.kick, doorbell);
    if (bound) {
        queue.doorbell = std::move(*bound);
    } else if (!told_failure_) {
        // Kicks still work: the write exits to the vCPU's thread.
        told_failure_ = true;
        log::warning(
            concat(subject_, ": no ioeventfd for queue ", index, ": ", bound.error().message));
    }
}

}  // namespace siskin
