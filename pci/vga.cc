// SPDX-License-Identifier: Apache-2.0
// VgaArbiter.
#include "pci/vga.h"

#include <utility>

namespace siskin {

void VgaArbiter::add(VgaClaim& claim, bool memory, bool ports, std::string_view name) {
    update(claim.memory_since, memory, memory_, claim, name);
    update(claim.ports_since, ports, ports_, claim, name);
}

void VgaArbiter::update(std::uint64_t& since, bool reachable, Winner& winner, VgaClaim& claim,
                        std::string_view name) {
    if (!reachable) {
        since = 0;
        return;
    }
    if (since == 0) {
        since = ++clock_;
    }
    if (since > winner.since) {
        winner = Winner{&claim, since, name};
    }
}

void VgaArbiter::take(std::vector<IoRange>& memory, std::vector<IoRange>& ports) {
    if (const Winner winner = std::exchange(memory_, Winner{}); winner.claim != nullptr) {
        memory.push_back(
            IoRange{kVgaMemoryBase, kVgaMemorySize, winner.claim->handlers.memory, 0, winner.name});
    }
    if (const Winner winner = std::exchange(ports_, Winner{}); winner.claim != nullptr) {
        ports.push_back(
            IoRange{kVgaPortsBase, kVgaPortsSize, winner.claim->handlers.ports, 0, winner.name});
        ports.push_back(IoRange{kVgaMorePortsBase, kVgaMorePortsSize,
                                winner.claim->handlers.more_ports, 0, winner.name});
    }
}

}  // namespace siskin
