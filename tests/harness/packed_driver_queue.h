// SPDX-License-Identifier: Apache-2.0
// PackedDriverQueue: the driver's side of a packed virtqueue, well behaved or not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"
#include "virtio/features.h"
#include "virtio/queue/packed_queue.h"
#include "virtio/queue/virtqueue.h"
#include "virtio/spec.h"

namespace siskin {

// A ring in guest memory, worked by its addresses alone, as a driver does (virtio 1.2 §2.8.20).
class PackedDriverQueue {
public:
    // A place in the ring and the wrap counter there.
    struct Position {
        std::uint16_t index = 0;
        bool wrap = true;

        friend bool operator==(const Position&, const Position&) = default;
    };

    PackedDriverQueue(TestGuest& guest, std::uint16_t size);

    [[nodiscard]] const QueueConfig& config() const { return config_; }
    [[nodiscard]] std::uint16_t size() const { return config_.size; }
    // The device's side of it with these features; `size_max` 0 means size().
    [[nodiscard]] PackedQueue device_side(FeatureSet accepted = {}, std::uint16_t size_max = 0);
    // The same as devices have it; VIRTIO_F_RING_PACKED is added.
    [[nodiscard]] Virtqueue virtqueue(FeatureSet accepted = {}, std::uint16_t size_max = 0);

    // Makes a list available under this id, at the next place.
    void offer(std::uint16_t id, const std::vector<DriverBuffer>& buffers);
    // The same by one descriptor for a table; `more_flags` are set in the descriptor, too.
    void offer_indirect(std::uint16_t id, const std::vector<DriverBuffer>& buffers,
                        std::uint16_t more_flags = 0);
    // One descriptor at the next place, available, with these flags besides.
    void offer_descriptor(virtio_spec::PackedDescriptor descriptor);
    // Anything anywhere.
    void put_descriptor(std::uint16_t index, virtio_spec::PackedDescriptor descriptor);
    [[nodiscard]] virtio_spec::PackedDescriptor descriptor(std::uint16_t index) const;
    [[nodiscard]] std::uint64_t descriptor_address(std::uint16_t index) const;
    // `flags` with AVAIL and USED as of an available descriptor at the next place.
    [[nodiscard]] std::uint16_t available_flags(std::uint16_t flags) const;
    [[nodiscard]] Position next_available() const { return next_available_; }
    [[nodiscard]] Position next_used() const { return next_used_; }

    // The next used descriptor, or nothing.
    [[nodiscard]] std::optional<virtio_spec::PackedDescriptor> take_used();

    // Event suppression, both ways: le32 as of §2.8.14.
    void set_driver_event(std::uint32_t value);
    void want_interrupt_at(Position at);
    [[nodiscard]] std::uint32_t device_event() const;

private:
    void advance(Position& position, std::uint16_t count) const;

    TestGuest& guest_;
    QueueConfig config_;
    Position next_available_;
    Position next_used_;
    std::map<std::uint16_t, std::uint16_t> lengths_;  // by id, in descriptors
};

}  // namespace siskin
