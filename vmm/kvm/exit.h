// SPDX-License-Identifier: Apache-2.0
// VcpuExit: why a vCPU came back from KVM_RUN, as siskin sees it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

namespace siskin {

// Port access; `data` holds count * width bytes, in the page shared with the kernel: a string
// instruction comes as one exit with a count.
struct PortExit {
    std::uint16_t port;
    unsigned width;  // 1, 2 or 4
    std::uint32_t count;
    bool is_write;
    std::span<std::uint8_t> data;
};

// Access of guest memory space where there is no RAM. `data` has the access's width, 1 to 8.
struct MemoryExit {
    std::uint64_t address;
    bool is_write;
    std::span<std::uint8_t> data;
};

// A signal or a kick: look whether something is wanted.
struct InterruptedExit {};

// The guest shut its processor down: a triple fault.
struct TripleFaultExit {};

// KVM or the processor cannot go on; `description` names the exit and its details.
struct FailedExit {
    std::string description;
};

using VcpuExit = std::variant<InterruptedExit, PortExit, MemoryExit, TripleFaultExit, FailedExit>;

}  // namespace siskin
