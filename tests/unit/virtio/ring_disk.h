// SPDX-License-Identifier: Apache-2.0
// RingDisk: requests to a VirtioBench's disk by a queue of either format.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/harness/driver_ring.h"
#include "tests/unit/virtio/virtio_bench.h"
#include "virtio/block/spec.h"

namespace siskin {

class RingDisk {
public:
    struct Request {
        std::uint64_t header;
        std::uint64_t data;
        std::uint64_t status;
        std::uint16_t id;
    };

    RingDisk(VirtioBench& bench, RingFormat format, std::uint16_t size)
        : ring(bench.guest, format, size), bench_(bench) {}

    // Offers one request of 512 bytes, in three descriptors, and notifies queue `queue`.
    Request send(std::uint32_t type, std::uint64_t sector, std::uint16_t queue = 0,
                 bool indirect = false) {
        TestGuest& guest = bench_.guest;
        Request request{guest.allocate(16), guest.allocate(513), guest.allocate(1), 0};
        guest.write(request.header, virtio_spec::BlockRequestHeader{type, 0U, sector});
        guest.write(request.status, std::uint8_t{0xee});
        const std::uint32_t size = type == virtio_spec::kBlockGetId ? 20 : 512;
        const std::vector<DriverBuffer> buffers{
            {request.header, 16, false},
            {request.data, size, type != virtio_spec::kBlockWrite},
            {request.status, 1, true}};
        const auto id = indirect ? ring.offer_indirect(buffers) : ring.offer(buffers);
        SISKIN_ASSERT(id.has_value());
        request.id = *id;
        bench_.notify(queue);
        return request;
    }
    // The next used buffer, waited for.
    std::optional<DriverRing::Used> wait() {
        std::optional<DriverRing::Used> used;
        return eventually([&] { return (used = ring.take_used()).has_value(); }) ? used
                                                                                 : std::nullopt;
    }
    // Sends, waits, and tells the status byte; 0xff when another buffer or none came back.
    std::uint8_t run(std::uint32_t type, std::uint64_t sector, std::uint16_t queue = 0,
                     bool indirect = false) {
        const Request request = send(type, sector, queue, indirect);
        const auto used = wait();
        return used && used->id == request.id ? bench_.guest.read<std::uint8_t>(request.status)
                                              : std::uint8_t{0xff};
    }

    // As VirtioBench wants it of a queue.
    [[nodiscard]] const QueueConfig& config() const { return ring.config(); }
    [[nodiscard]] std::uint16_t size() const { return ring.size(); }
    // With these features the driver has this format.
    [[nodiscard]] FeatureSet features(FeatureSet more = {}) const {
        if (ring.format() == RingFormat::Packed) {
            more.add(virtio_spec::kFeatureRingPacked);
        }
        return more;
    }

    DriverRing ring;

private:
    VirtioBench& bench_;
};

}  // namespace siskin
