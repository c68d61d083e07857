// SPDX-License-Identifier: Apache-2.0
// AddressSpace: which handler answers at which address; found by vCPUs without a lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bus/io_handler.h"
#include "base/bus/machine_lock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace siskin {

// [base, base + size) is answered by `handler`, whose region begins `offset` bytes before `base`.
// `name` is for people; it lives as long as the handler.
struct IoRange {
    std::uint64_t base = 0;
    std::uint64_t size = 0;  // bytes, never 0; base + size does not pass 2^64
    IoHandler* handler = nullptr;
    std::uint64_t offset = 0;  // of the handler's region, at `base`
    std::string_view name = {};
};

// One of the two spaces of a machine: memory or ports. Two layers: fixed ranges of the platform,
// which never overlap, and below them the ranges that PCI decodes at the moment. Changes happen
// under MachineLock and publish a new immutable map; readers keep the old one until they look
// again.
class AddressSpace {
public:
    using Map = std::vector<IoRange>;  // sorted by base, no overlap

    AddressSpace();

    // Adds a range to the platform's layer. Error: it is empty, wraps, or meets another one.
    [[nodiscard]] Result<> add(IoRange range);
    // Removes the platform's ranges of this handler.
    void remove(const IoHandler& handler);
    // Replaces the PCI layer. Where ranges overlap, the earlier one in the list wins, and the
    // platform wins over all; the losers keep the parts that nobody else claims. The ranges that
    // are there already change nothing, and no reader looks again.
    void set_pci_ranges(std::vector<IoRange> ranges);

    // The platform's layer; under MachineLock.
    [[nodiscard]] const std::vector<IoRange>& platform() const { return platform_; }
    // The current map and its number; the number changes with each publication.
    [[nodiscard]] std::shared_ptr<const Map> map() const;
    [[nodiscard]] std::uint64_t generation() const {
        return generation_.load(std::memory_order_acquire);
    }

private:
    void publish();

    std::vector<IoRange> platform_;
    std::vector<IoRange> pci_;
    std::atomic<std::uint64_t> generation_{1};
    mutable Mutex map_mutex_;  // held for the copy of one pointer
    std::shared_ptr<const Map> map_ SISKIN_GUARDED_BY(map_mutex_);
};

// One thread's view of an AddressSpace. The lookup compares one number and searches its own map;
// it takes no lock unless the map has changed since.
class AddressSpaceReader {
public:
    AddressSpaceReader(const AddressSpace& space, MachineLock& lock);

    // One guest access of 1, 2, 4 or 8 bytes. Nobody there: ones, or dropped. One that crosses the
    // end of a range is cut in halves until each piece has one owner or none.
    [[nodiscard]] std::uint64_t read(std::uint64_t address, unsigned width);
    void write(std::uint64_t address, unsigned width, std::uint64_t value);

private:
    [[nodiscard]] const IoRange* find(std::uint64_t address, unsigned width);
    // Whether any byte belongs to somebody.
    [[nodiscard]] bool touches(std::uint64_t address, unsigned width);
    [[nodiscard]] std::uint64_t read_locked(std::uint64_t address, unsigned width)
        SISKIN_REQUIRES(lock_);
    void write_locked(std::uint64_t address, unsigned width, std::uint64_t value)
        SISKIN_REQUIRES(lock_);

    const AddressSpace& space_;
    MachineLock& lock_;
    std::uint64_t generation_ = 0;
    std::shared_ptr<const AddressSpace::Map> map_;
};

}  // namespace siskin
