// SPDX-License-Identifier: Apache-2.0
// Port and memory exits.
#include "vmm/vcpu/exit_dispatch.h"

#include <cstring>
#include <span>

namespace siskin {
namespace {

void access(AddressSpaceReader& space, std::uint64_t address, bool is_write,
            std::span<std::uint8_t> data) {
    std::uint64_t value = 0;
    if (is_write) {
        std::memcpy(&value, data.data(), data.size());
        space.write(address, static_cast<unsigned>(data.size()), value);
        return;
    }
    value = space.read(address, static_cast<unsigned>(data.size()));
    std::memcpy(data.data(), &value, data.size());
}

}  // namespace

void ExitDispatch::handle(const PortExit& exit) {
    // A string instruction: every element goes to the same port.
    for (std::size_t done = 0; done < exit.count; ++done) {
        access(ports_, exit.port, exit.is_write, exit.data.subspan(done * exit.width, exit.width));
    }
}

void ExitDispatch::handle(const MemoryExit& exit) {
    // KVM cuts wider accesses into pieces of up to 8 bytes; odd lengths go byte by byte.
    const std::size_t size = exit.data.size();
    if (size == 1 || size == 2 || size == 4 || size == 8) {
        access(memory_, exit.address, exit.is_write, exit.data);
        return;
    }
    for (std::size_t at = 0; at < size; ++at) {
        access(memory_, exit.address + at, exit.is_write, exit.data.subspan(at, 1));
    }
}

}  // namespace siskin
