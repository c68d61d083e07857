// SPDX-License-Identifier: Apache-2.0
// Character back end "ringbuf": keeps the newest output in memory for a client to fetch.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "devices/chardev/chardev.h"
#include "devices/chardev/output_ring.h"

namespace siskin {

// Thread: whoever holds MachineLock.
class RingChardev final : public Chardev {
public:
    static constexpr ByteCount kSizeDefault{64 * kKiB};
    static constexpr ByteCount kSizeMax{64 * kMiB};

    // `size` is a power of two of at most kSizeMax (checked by make_chardev).
    RingChardev(std::string id, ByteCount size)
        : Chardev(std::move(id)), ring_(static_cast<std::size_t>(size.value())) {}

    [[nodiscard]] std::string filename() const override { return "ringbuf"; }
    // Also for a client's ringbuf-write, which adds to the same bytes.
    void write(std::span<const std::uint8_t> bytes) override { ring_.push(bytes); }
    [[nodiscard]] std::uint64_t dropped_bytes() const override { return ring_.dropped(); }

    // Takes the oldest bytes, at most `count`: ringbuf-read.
    [[nodiscard]] std::vector<std::uint8_t> take(std::size_t count);

private:
    OutputRing ring_;
};

}  // namespace siskin
