// SPDX-License-Identifier: Apache-2.0
// GuestMemory.
#include "base/memory/guest_memory.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace siskin {
namespace {

std::string describe(GuestAddress address, std::size_t size) {
    return concat("guest address range ", hex(address.value()), " + ", hex(size), " is not RAM");
}

}  // namespace

Result<std::shared_ptr<const GuestMemory>> GuestMemory::create(std::vector<GuestRegion> regions) {
    std::sort(
        regions.begin(), regions.end(),
        [](const GuestRegion& left, const GuestRegion& right) { return left.base < right.base; });
    std::uint64_t free_from = 0;
    for (const GuestRegion& region : regions) {
        const std::size_t there = region.backing->size();
        if (region.offset > there || region.size().value() > there - region.offset) {
            return fail(concat("guest memory region at ", hex(region.base.value()),
                               " is no part of what backs it"));
        }
        const auto end = checked_add(region.base, region.size());
        if (region.size().value() == 0 || !end || region.base.value() < free_from) {
            return fail(concat("guest memory region at ", hex(region.base.value()),
                               " is empty, wraps or overlaps another"));
        }
        free_from = end->value();
    }
    return std::shared_ptr<const GuestMemory>(new GuestMemory(std::move(regions)));
}

std::optional<GuestSpan> GuestMemory::span(GuestAddress address, ByteCount size) const {
    const auto after = std::upper_bound(
        regions_.begin(), regions_.end(), address,
        [](GuestAddress wanted, const GuestRegion& region) { return wanted < region.base; });
    if (after == regions_.begin() || size.value() == 0) {
        return std::nullopt;
    }
    const GuestRegion& region = *(after - 1);
    const std::uint64_t inside = address.value() - region.base.value();
    if (inside >= region.size().value() || size.value() > region.size().value() - inside) {
        return std::nullopt;
    }
    return GuestSpan(region.data() + inside, size.value());
}

Result<> GuestMemory::read(GuestAddress address, std::span<std::byte> into) const {
    if (into.empty()) {
        return {};
    }
    const auto range = span(address, ByteCount{into.size()});
    if (!range) {
        return fail(describe(address, into.size()));
    }
    std::memcpy(into.data(), range->data(), into.size());
    return {};
}

Result<> GuestMemory::write(GuestAddress address, std::span<const std::byte> from) const {
    if (from.empty()) {
        return {};
    }
    const auto range = span(address, ByteCount{from.size()});
    if (!range) {
        return fail(describe(address, from.size()));
    }
    std::memcpy(range->data(), from.data(), from.size());
    return {};
}

}  // namespace siskin
