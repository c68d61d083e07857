// SPDX-License-Identifier: Apache-2.0
// The one access interface of a device: a read or a write of 1 to 8 bytes at an offset.
#pragma once

#include <cstdint>

namespace siskin {

// Where inside the handler's region, and how wide. Guest-chosen: any offset inside the region, any
// width of 1, 2, 4 or 8 that ends inside it.
struct IoAccess {
    std::uint64_t offset;  // bytes from the start of the region
    unsigned width;        // bytes: 1, 2, 4 or 8
};

// Registers of a device. Called by any vCPU thread, under MachineLock. Never fails: an unknown
// register reads as ones or zeroes as its specification says, and its writes are dropped.
class IoHandler {
public:
    virtual ~IoHandler() = default;

    // The low `access.width` bytes count.
    [[nodiscard]] virtual std::uint64_t read(IoAccess access) = 0;
    virtual void write(IoAccess access, std::uint64_t value) = 0;
};

}  // namespace siskin
