// SPDX-License-Identifier: Apache-2.0
// GuestMemory: the RAM of a guest as immutable sorted regions; the only way to its bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/mapping.h"
#include "base/memory/guest_span.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

// One run of guest RAM. `backing` is shared between successive GuestMemory objects, and between the
// runs that are parts of it.
struct GuestRegion {
    GuestAddress base;
    std::shared_ptr<const Mapping> backing;
    // Which part of it; without a length up to its end.
    std::size_t offset = 0;
    std::optional<ByteCount> length = std::nullopt;
    // Where other processes can have this memory from, at the same offset; null: they cannot.
    std::shared_ptr<const Fd> file = nullptr;

    [[nodiscard]] ByteCount size() const {
        return length.value_or(ByteCount{backing->size() - offset});
    }
    [[nodiscard]] std::byte* data() const { return backing->data() + offset; }
};

// RAM only: an address of a BAR, of ECAM, of the APIC or of nothing is "not RAM" here, so a
// device's DMA can never reach a device. Immutable, any thread; a change of the guest's memory
// publishes a new object.
class GuestMemory {
public:
    // Regions in any order. Errors: a region is empty, wraps, meets another one, or is no part of
    // its backing.
    [[nodiscard]] static Result<std::shared_ptr<const GuestMemory>> create(
        std::vector<GuestRegion> regions);

    // The range as host memory, or nothing where any byte of it is not RAM (or lies in another
    // region, or the range wraps, or is empty).
    [[nodiscard]] std::optional<GuestSpan> span(GuestAddress address, ByteCount size) const;

    // Copies; the error names the range.
    [[nodiscard]] Result<> read(GuestAddress address, std::span<std::byte> into) const;
    [[nodiscard]] Result<> write(GuestAddress address, std::span<const std::byte> from) const;
    template <GuestReadable T>
    [[nodiscard]] Result<T> read_object(GuestAddress address) const {
        T object;
        SISKIN_TRY(read(address, std::as_writable_bytes(std::span(&object, 1))));
        return object;
    }
    template <GuestReadable T>
    [[nodiscard]] Result<> write_object(GuestAddress address, const T& object) const {
        return write(address, std::as_bytes(std::span(&object, 1)));
    }

    // Sorted by base.
    [[nodiscard]] const std::vector<GuestRegion>& regions() const { return regions_; }

private:
    explicit GuestMemory(std::vector<GuestRegion> regions) : regions_(std::move(regions)) {}

    std::vector<GuestRegion> regions_;
};

}  // namespace siskin
