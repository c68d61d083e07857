// SPDX-License-Identifier: Apache-2.0
// TestGuest: the memory of a small guest, with a hole, for tests of what devices do to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/memory/guest_memory.h"
#include "base/units.h"

namespace siskin {

// RAM at 0 and at 4 GiB; everything between is a hole, where a machine has its BARs and ECAM.
class TestGuest {
public:
    static constexpr std::uint64_t kLowEnd = 8 * kMiB;
    static constexpr std::uint64_t kHighBase = 4 * kGiB;
    static constexpr std::uint64_t kHighEnd = kHighBase + 4 * kMiB;
    static constexpr std::uint64_t kHole = 0xfe000000;

    TestGuest();

    [[nodiscard]] const std::shared_ptr<const GuestMemory>& memory() const { return memory_; }

    // The next free bytes of low RAM, zeroed.
    [[nodiscard]] std::uint64_t allocate(std::uint64_t size, std::uint64_t alignment = 16);

    // What was handed out is free again, and zeroed; or only from `address` on, as it is.
    void start_over();
    void give_back(std::uint64_t address) { next_ = address; }
    [[nodiscard]] std::uint64_t next_free() const { return next_; }

    template <typename T>
    [[nodiscard]] T read(std::uint64_t address) const {
        return span(address, sizeof(T)).template read<T>();
    }
    template <typename T>
    void write(std::uint64_t address, const T& object) const {
        span(address, sizeof(T)).write(object);
    }
    void fill(std::uint64_t address, std::uint64_t size, std::uint8_t value) const;
    [[nodiscard]] std::vector<std::uint8_t> bytes(std::uint64_t address, std::uint64_t size) const;
    void put(std::uint64_t address, const std::vector<std::uint8_t>& bytes) const;
    [[nodiscard]] GuestSpan span(std::uint64_t address, std::uint64_t size) const;

private:
    std::shared_ptr<const GuestMemory> memory_;
    static constexpr std::uint64_t kFirst = 0x10000;
    std::uint64_t next_ = kFirst;
};

}  // namespace siskin
