// SPDX-License-Identifier: Apache-2.0
// PciCfgAccess: reaching the modern registers through configuration space (virtio 1.2 §4.1.4.9).
#pragma once

#include <cstdint>

#include "base/bus/io_handler.h"
#include "pci/config_space.h"

namespace siskin {

// A window in a capability: the driver sets bar, offset and length, then touches the data field.
// Anything but an aligned access of 1, 2 or 4 bytes inside `bar` does nothing (§4.1.4.9.1). Only
// `bar` is reachable, so it cannot be turned on the MSI-X table or on another device.
// Thread: any vCPU, under MachineLock.
class PciCfgAccess {
public:
    // Adds the capability to `config`. `registers` is what BAR `bar` of `bar_size` bytes holds.
    PciCfgAccess(ConfigSpace& config, unsigned bar, std::uint64_t bar_size, IoHandler& registers);

    // Call before a configuration read, and after a configuration write, of [offset, + width).
    void before_read(std::uint64_t offset, unsigned width);
    void after_write(std::uint64_t offset, unsigned width);

private:
    [[nodiscard]] bool touches_data(std::uint64_t offset, unsigned width) const;
    // The access that the driver set up; width 0 when it is not a legal one.
    [[nodiscard]] IoAccess wanted() const;

    ConfigSpace& config_;
    unsigned bar_;
    std::uint64_t bar_size_;
    IoHandler& registers_;
    std::uint16_t capability_;
};

}  // namespace siskin
