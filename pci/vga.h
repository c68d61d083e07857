// SPDX-License-Identifier: Apache-2.0
// The legacy address ranges of VGA: which functions ask for them, and who has them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bus/address_space.h"
#include "base/bus/io_handler.h"

namespace siskin {

// PCI-to-PCI Bridge 1.2 §3.2.5.18, VGA Enable.
inline constexpr std::uint64_t kVgaMemoryBase = 0xa0000;
inline constexpr std::uint64_t kVgaMemorySize = 0x20000;
inline constexpr std::uint64_t kVgaPortsBase = 0x3b0;
inline constexpr std::uint64_t kVgaPortsSize = 0xc;
inline constexpr std::uint64_t kVgaMorePortsBase = 0x3c0;
inline constexpr std::uint64_t kVgaMorePortsSize = 0x20;

// What answers there; offsets begin at 0 in each. Not null.
struct VgaHandlers {
    IoHandler* memory = nullptr;
    IoHandler* ports = nullptr;       // 3b0..3bb
    IoHandler* more_ports = nullptr;  // 3c0..3df
};

// A function's claim: the command register's enables decide, and every bridge above.
struct VgaClaim {
    VgaHandlers handlers;
    // When it last began to be reachable, as a count; 0: it is not. Later ones win.
    std::uint64_t memory_since = 0;
    std::uint64_t ports_since = 0;
};

// Collects the claims of one walk of the trees, and gives each range to the claim that was enabled
// last: exactly one function has it, whichever bridges forward it.
class VgaArbiter {
public:
    // The claim of a function that is `memory` and `ports` reachable now. `name` is for people.
    void add(VgaClaim& claim, bool memory, bool ports, std::string_view name);
    // The ranges of the winners.
    void take(std::vector<IoRange>& memory, std::vector<IoRange>& ports);

private:
    struct Winner {
        VgaClaim* claim = nullptr;
        std::uint64_t since = 0;
        std::string_view name;
    };
    void update(std::uint64_t& since, bool reachable, Winner& winner, VgaClaim& claim,
                std::string_view name);

    std::uint64_t clock_ = 0;
    Winner memory_;
    Winner ports_;
};

}  // namespace siskin
