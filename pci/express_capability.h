// SPDX-License-Identifier: Apache-2.0
// The PCI Express capability, whose type follows from the place of the function.
#pragma once

#include <cstdint>
#include <optional>

#include "pci/config_space.h"

namespace siskin {

// Device/Port Type, PCIe 5.0 §7.5.3.2.
enum class ExpressType : std::uint8_t {
    Endpoint = 0x0,
    RootPort = 0x4,
    UpstreamPort = 0x5,
    DownstreamPort = 0x6,
    ExpressToPciBridge = 0x7,
    IntegratedEndpoint = 0x9,
};

// What a function is, wherever it is put.
enum class ExpressRole { Endpoint, RootPort };

// The type that such a function has on such a bus. Nothing: it has no PCI Express capability there
// (a conventional bus). An endpoint of a root bus is integrated into the root complex; systems
// refuse a plain endpoint there (PCIe 5.0 §1.3.2).
[[nodiscard]] constexpr std::optional<ExpressType> express_type_at(ExpressRole role,
                                                                   bool bus_is_express,
                                                                   bool bus_is_root) {
    if (!bus_is_express) {
        return std::nullopt;
    }
    if (role == ExpressRole::RootPort) {
        return bus_is_root ? std::optional(ExpressType::RootPort) : std::nullopt;
    }
    return bus_is_root ? ExpressType::IntegratedEndpoint : ExpressType::Endpoint;
}

struct ExpressOptions {
    bool function_level_reset = false;
    std::uint8_t port_number = 0;              // ports only
    std::optional<std::uint16_t> slot_number;  // ports with a slot
    std::optional<std::uint16_t> offset;       // in configuration space; else the next free one
};

// Adds the capability of that type; returns its offset.
std::uint16_t add_express_capability(ConfigSpace& config, ExpressType type,
                                     const ExpressOptions& options);

// A port's link and slot registers tell whether a device is there (PCIe 5.0 §7.5.3.8, §7.5.3.11).
void set_express_presence(ConfigSpace& config, std::uint16_t capability, bool present);

}  // namespace siskin
