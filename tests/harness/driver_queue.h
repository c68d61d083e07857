// SPDX-License-Identifier: Apache-2.0
// DriverQueue: the driver's side of a split virtqueue, well behaved or not.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/harness/test_guest.h"
#include "virtio/features.h"
#include "virtio/queue/split_queue.h"
#include "virtio/queue/virtqueue.h"
#include "virtio/spec.h"

namespace siskin {

// A buffer as the driver describes it.
struct DriverBuffer {
    std::uint64_t address = 0;
    std::uint32_t length = 0;
    bool writable = false;
};

// Rings in guest memory, worked by their addresses alone, as a driver does (virtio 1.2 §2.7.13).
class DriverQueue {
public:
    DriverQueue(TestGuest& guest, std::uint16_t size);
    // As a legacy driver lays it out: in one piece from a page on (§2.7.2).
    [[nodiscard]] static DriverQueue legacy(TestGuest& guest, std::uint16_t size);

    [[nodiscard]] const QueueConfig& config() const { return config_; }
    [[nodiscard]] std::uint16_t size() const { return config_.size; }
    // The device's side of it with these features; `size_max` 0 means size().
    [[nodiscard]] SplitQueue device_side(FeatureSet accepted = {}, std::uint16_t size_max = 0);
    // The same as devices have it.
    [[nodiscard]] Virtqueue virtqueue(FeatureSet accepted = {}, std::uint16_t size_max = 0);

    // Writes a chain into free descriptors from `first` on, one after the other; returns `first`.
    std::uint16_t put_chain(std::uint16_t first, const std::vector<DriverBuffer>& buffers);
    // Writes an indirect table and the one descriptor `index` for it.
    std::uint16_t put_indirect(std::uint16_t index, const std::vector<DriverBuffer>& buffers);
    // Each descriptor goes on to the next, the last to the first; returns the first.
    std::uint16_t link_in_a_circle(const std::vector<std::uint16_t>& indices);
    void put_descriptor(std::uint16_t index, virtio_spec::Descriptor descriptor);
    [[nodiscard]] std::uint64_t descriptor_address(std::uint16_t index) const;

    // Offers a chain.
    void put_available(std::uint16_t head);
    void set_available_index(std::uint16_t index);
    [[nodiscard]] std::uint16_t available_index() const { return available_; }

    // The next used element, or nothing.
    [[nodiscard]] std::optional<virtio_spec::UsedElement> take_used();
    [[nodiscard]] std::uint16_t used_index() const;

    // Notification suppression, both ways.
    void set_available_flags(std::uint16_t flags);
    void set_used_event(std::uint16_t index);
    [[nodiscard]] std::uint16_t used_flags() const;
    [[nodiscard]] std::uint16_t available_event() const;

private:
    TestGuest& guest_;
    QueueConfig config_;
    std::uint16_t available_ = 0;
    std::uint16_t used_seen_ = 0;
};

}  // namespace siskin
