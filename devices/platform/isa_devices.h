// SPDX-License-Identifier: Apache-2.0
// The ISA devices that users add: isa-serial, isa-debugcon, isa-debug-exit, with their properties.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bus/irq_line.h"
#include "base/object/device_type.h"
#include "base/object/or_unset.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

struct IsaSerialConfig {
    using Number = OrUnset<std::uint32_t, 0xffffffffU>;

    std::string chardev;  // empty: none
    Number index;         // 0 to 3: COM1 to COM4
    Number iobase;        // else by index
    Number irq;           // else by index
};
struct IsaDebugconConfig {
    std::string chardev;
    std::uint32_t iobase = 0xe9;
    std::uint32_t readback = 0xe9;
};
struct IsaDebugExitConfig {
    std::uint32_t iobase = 0x501;
    std::uint32_t iosize = 2;
};

extern const DeviceType kIsaSerialType;
extern const DeviceType kIsaDebugconType;
extern const DeviceType kIsaDebugExitType;

// Where a serial port sits.
struct IsaSerialPlace {
    std::uint32_t index = 0;
    std::uint16_t port = 0;
    Gsi irq;
};

// Gives each serial port its place: the first free one of COM1 to COM4, unless the config says
// otherwise. Thread: VM loop's.
class IsaSerialPlaces {
public:
    static constexpr std::uint32_t kCount = 4;

    // Errors: "Max. supported number of ISA serial ports is 4.", the index is taken.
    [[nodiscard]] Result<IsaSerialPlace> take(const IsaSerialConfig& config);
    void give_back(const IsaSerialPlace& place) { taken_.at(place.index) = false; }

private:
    std::array<bool, kCount> taken_{};
};

// Ports 0 to 0xffff hold [iobase, iobase + count). Error names the property's device.
[[nodiscard]] Result<> check_ports(std::uint32_t iobase, std::uint32_t count);

}  // namespace siskin
