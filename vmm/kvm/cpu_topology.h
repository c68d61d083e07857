// SPDX-License-Identifier: Apache-2.0
// CpuTopology: sockets, dies, cores, threads, and the APIC IDs that follow from them.
#pragma once

#include <bit>
#include <cstdint>

namespace siskin {

// Each 1 or more; their product is the number of vCPUs.
struct CpuTopology {
    std::uint32_t sockets = 1;
    std::uint32_t dies = 1;     // in a socket
    std::uint32_t cores = 1;    // in a die
    std::uint32_t threads = 1;  // in a core

    // Where one vCPU sits.
    struct Place {
        std::uint32_t socket;
        std::uint32_t die;
        std::uint32_t core;
        std::uint32_t thread;
    };

    [[nodiscard]] constexpr std::uint32_t count() const { return sockets * dies * cores * threads; }
    // Bits of an APIC ID below the core, the die and the package (Intel SDM volume 3, §9.9.1).
    [[nodiscard]] constexpr std::uint32_t core_shift() const { return bits_for(threads); }
    [[nodiscard]] constexpr std::uint32_t die_shift() const {
        return core_shift() + bits_for(cores);
    }
    [[nodiscard]] constexpr std::uint32_t package_shift() const {
        return die_shift() + bits_for(dies);
    }
    // `index` counts vCPUs from 0, threads fastest.
    [[nodiscard]] constexpr Place place(std::uint32_t index) const {
        return Place{index / (threads * cores * dies), index / (threads * cores) % dies,
                     index / threads % cores, index % threads};
    }
    [[nodiscard]] constexpr std::uint32_t apic_id(std::uint32_t index) const {
        const Place at = place(index);
        return (at.socket << package_shift()) | (at.die << die_shift()) |
               (at.core << core_shift()) | at.thread;
    }

private:
    [[nodiscard]] static constexpr std::uint32_t bits_for(std::uint32_t count) {
        return static_cast<std::uint32_t>(std::bit_width(count - 1));
    }
};

}  // namespace siskin
