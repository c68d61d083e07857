// SPDX-License-Identifier: Apache-2.0
// AddressSpace and its readers.
#include "base/bus/address_space.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/bits.h"
#include "base/text.h"

namespace siskin {
namespace {

std::uint64_t last_of(const IoRange& range) {
    return range.base + (range.size - 1);
}

bool is_proper(const IoRange& range) {
    return range.size != 0 &&
           range.size - 1 <= std::numeric_limits<std::uint64_t>::max() - range.base;
}

bool meet(const IoRange& left, const IoRange& right) {
    return left.base <= last_of(right) && right.base <= last_of(left);
}

// The part [first, last] of `range`, which holds it.
IoRange part_of(const IoRange& range, std::uint64_t first, std::uint64_t last) {
    return IoRange{first, last - first + 1, range.handler, range.offset + (first - range.base),
                   range.name};
}

// Adds to `map` (sorted, no overlap) what of `range` is still free in it.
void add_free_parts(AddressSpace::Map& map, const IoRange& range) {
    const std::uint64_t end = last_of(range);
    auto taken = std::lower_bound(
        map.begin(), map.end(), range.base,
        [](const IoRange& present, std::uint64_t first) { return last_of(present) < first; });
    std::uint64_t next = range.base;
    while (true) {
        const bool is_last = taken == map.end() || taken->base > end;
        if (is_last || taken->base > next) {
            taken = map.insert(taken, part_of(range, next, is_last ? end : taken->base - 1)) + 1;
        }
        if (is_last || last_of(*taken) >= end) {
            return;
        }
        next = last_of(*taken) + 1;
        ++taken;
    }
}

// The same, with the same name at the same place: what held on to the one may hold on to it.
bool is_same(const IoRange& left, const IoRange& right) {
    return left.base == right.base && left.size == right.size && left.handler == right.handler &&
           left.offset == right.offset && left.name.data() == right.name.data() &&
           left.name.size() == right.name.size();
}

}  // namespace

AddressSpace::AddressSpace() {
    publish();
}

Result<> AddressSpace::add(IoRange range) {
    if (!is_proper(range)) {
        return fail(concat("address range at ", hex(range.base), " is empty or wraps"));
    }
    for (const IoRange& present : platform_) {
        if (meet(present, range)) {
            return fail(concat("address range ", hex(range.base), "..", hex(last_of(range)),
                               " is in use by another device"));
        }
    }
    platform_.push_back(range);
    publish();
    return {};
}

void AddressSpace::remove(const IoHandler& handler) {
    std::erase_if(platform_, [&](const IoRange& range) { return range.handler == &handler; });
    publish();
}

void AddressSpace::set_pci_ranges(std::vector<IoRange> ranges) {
    if (std::equal(pci_.begin(), pci_.end(), ranges.begin(), ranges.end(), is_same)) {
        return;
    }
    pci_ = std::move(ranges);
    publish();
}

std::shared_ptr<const AddressSpace::Map> AddressSpace::map() const {
    const MutexLock hold(map_mutex_);
    return map_;
}

void AddressSpace::publish() {
    auto next = std::make_shared<Map>();
    for (const std::vector<IoRange>* const layer : {&platform_, &pci_}) {
        for (const IoRange& range : *layer) {
            if (is_proper(range)) {
                add_free_parts(*next, range);
            }
        }
    }
    {
        const MutexLock hold(map_mutex_);
        map_ = std::move(next);
    }
    generation_.fetch_add(1, std::memory_order_release);
}

AddressSpaceReader::AddressSpaceReader(const AddressSpace& space, MachineLock& lock)
    : space_(space), lock_(lock) {}

const IoRange* AddressSpaceReader::find(std::uint64_t address, unsigned width) {
    const std::uint64_t current = space_.generation();
    if (current != generation_) {
        map_ = space_.map();
        generation_ = current;
    }
    const auto after = std::upper_bound(
        map_->begin(), map_->end(), address,
        [](std::uint64_t wanted, const IoRange& range) { return wanted < range.base; });
    if (after == map_->begin()) {
        return nullptr;
    }
    const IoRange& range = *(after - 1);
    const std::uint64_t inside = address - range.base;
    return inside < range.size && width <= range.size - inside ? &range : nullptr;
}

std::uint64_t AddressSpaceReader::read(std::uint64_t address, unsigned width) {
    if (!touches(address, width)) {
        return all_ones(width);
    }
    // The map may change while this thread waits for the lock; what is found under it is alive.
    const MutexLock hold(lock_);
    return read_locked(address, width);
}

void AddressSpaceReader::write(std::uint64_t address, unsigned width, std::uint64_t value) {
    if (touches(address, width)) {
        const MutexLock hold(lock_);
        write_locked(address, width, value);
    }
}

bool AddressSpaceReader::touches(std::uint64_t address, unsigned width) {
    if (find(address, width) != nullptr) {
        return true;
    }
    for (unsigned at = 0; at < width; ++at) {
        if (find(address + at, 1) != nullptr) {
            return true;
        }
    }
    return false;
}

std::uint64_t AddressSpaceReader::read_locked(std::uint64_t address, unsigned width) {
    if (const IoRange* const range = find(address, width)) {
        const IoAccess access{address - range->base + range->offset, width};
        return range->handler->read(access) & all_ones(width);
    }
    if (width == 1) {
        return all_ones(1);
    }
    const unsigned half = width / 2;
    const std::uint64_t low = read_locked(address, half);
    return low | read_locked(address + half, half) << (half * 8);
}

void AddressSpaceReader::write_locked(std::uint64_t address, unsigned width, std::uint64_t value) {
    if (const IoRange* const range = find(address, width)) {
        const IoAccess access{address - range->base + range->offset, width};
        range->handler->write(access, value & all_ones(width));
        return;
    }
    if (width > 1) {
        const unsigned half = width / 2;
        write_locked(address, half, value);
        write_locked(address + half, half, value >> (half * 8));
    }
}

}  // namespace siskin
