// SPDX-License-Identifier: Apache-2.0
// ShadowRing: the driver's side of a split virtqueue of our own, by which a back end gets requests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "base/memory/guest_span.h"
#include "base/result.h"
#include "virtio/block/spec.h"

namespace siskin {

// Requests are indirect tables (virtio 1.2 §2.7.5.3), one a ring entry. Header, range and status
// lie in the ring's own memory, data wherever the buffers say. What the back end writes is its
// word, and checked. Addresses are those of this process, which the memory table makes the guest's.
// Thread: its owner's. No allocation after the constructor.
class ShadowRing {
public:
    // `entries` is a power of two, as many as requests at a time; so are the buffers of a request.
    [[nodiscard]] static std::size_t memory_size(std::uint16_t entries);
    // `memory` is zeroed, aligned to 16 and outlives the ring.
    ShadowRing(GuestSpan memory, std::uint16_t entries);

    [[nodiscard]] std::uint16_t entries() const { return entries_; }
    [[nodiscard]] std::byte* descriptors() const { return memory_.data(); }
    [[nodiscard]] std::byte* available() const { return available_.data(); }
    [[nodiscard]] std::byte* used() const { return used_.data(); }

    [[nodiscard]] std::size_t in_flight() const { return entries_ - free_.size(); }
    [[nodiscard]] bool has_room() const { return !free_.empty(); }

    // Data buffers of one request, whose sizes fit 32 bits.
    [[nodiscard]] std::size_t buffers_max() const { return entries_ - 2U; }
    // Offers a request and returns its number. The back end reads the data, or writes it.
    std::uint16_t put(const virtio_spec::BlockRequestHeader& header, std::span<const iovec> data,
                      bool is_read);
    std::uint16_t put_range(const virtio_spec::BlockRequestHeader& header,
                            const virtio_spec::BlockRangeSegment& range);
    // Shows the back end what was put. True: it wants a notification.
    [[nodiscard]] bool publish();

    struct Finished {
        std::uint16_t number;
        std::uint8_t status;
    };
    // The next one that the back end returned, if any. Error: it returned what it has not, or said
    // something impossible; the ring is of no use any more.
    [[nodiscard]] Result<std::optional<Finished>> take();

private:
    [[nodiscard]] GuestSpan slot(std::uint16_t number) const;
    [[nodiscard]] std::uint16_t begin(const virtio_spec::BlockRequestHeader& header);
    void offer(std::uint16_t number, std::size_t buffers);

    std::uint16_t entries_;
    GuestSpan memory_;
    GuestSpan available_;
    GuestSpan used_;
    GuestSpan slots_;
    std::vector<std::uint16_t> free_;
    std::vector<bool> busy_;
    std::uint16_t offered_ = 0;  // available idx, to be published
    std::uint16_t taken_ = 0;    // used idx, as far as it was looked at
};

}  // namespace siskin
