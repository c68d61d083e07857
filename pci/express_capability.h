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
    LegacyEndpoint = 0x1,
    RootPort = 0x4,
    UpstreamPort = 0x5,
    DownstreamPort = 0x6,
    ExpressToPciBridge = 0x7,
    IntegratedEndpoint = 0x9,
};

// What a function is, wherever it is put.
enum class ExpressRole {
    Endpoint,
    LegacyEndpoint,
    RootPort,
    UpstreamPort,
    DownstreamPort,
    ExpressToPciBridge
};

// The type that such a function has on such a bus. Nothing: it has no PCI Express capability there
// (a conventional bus, or a port where it cannot be). An endpoint of a root bus is integrated into
// the root complex, a legacy one too; systems refuse a plain endpoint there (PCIe 5.0 §1.3.2).
[[nodiscard]] std::optional<ExpressType> express_type_at(ExpressRole role, bool bus_is_express,
                                                         bool bus_is_root);

// Above a link: a root port or a switch's downstream port.
[[nodiscard]] constexpr bool is_downstream_facing(ExpressType type) {
    return type == ExpressType::RootPort || type == ExpressType::DownstreamPort;
}

// Max Link Speed and Max Link Width of PCIe 5.0 §7.5.3.6, encoded.
struct ExpressLink {
    std::uint8_t speed = 1;       // 1: 2.5 GT/s, 2: 5, 3: 8, 4: 16
    std::uint8_t width = 1;       // lanes
    bool reports_active = false;  // Data Link Layer Link Active, and bandwidth notification
};

// A port's slot. Without `hot_plug` it only tells whether a device is there.
struct ExpressSlot {
    std::uint16_t number = 0;
    bool hot_plug = false;
    bool power_controller = true;
    bool button = true;
};

struct ExpressOptions {
    bool function_level_reset = false;
    std::uint8_t port_number = 0;         // ports only
    std::optional<ExpressSlot> slot;      // ports with a slot
    std::optional<std::uint16_t> offset;  // in configuration space; else the next free one
    ExpressLink link;
};

// Adds the capability of that type; returns its offset.
std::uint16_t add_express_capability(ConfigSpace& config, ExpressType type,
                                     const ExpressOptions& options);

// What is at the far end of a port's link.
struct ExpressPartner {
    bool present = false;
    bool link_up = false;
    ExpressLink link;  // the partner's; both sides run at what both can
};

// A port's link and slot registers tell whether a device is there and how the link runs (PCIe 5.0
// §7.5.3.8, §7.5.3.11).
void set_express_partner(ConfigSpace& config, std::uint16_t capability,
                         const ExpressPartner& partner);
// Slot Control after a reset: attention off; power and its indicator on where a device is.
void reset_express_slot(ConfigSpace& config, std::uint16_t capability, bool present);
// The link of a function's own capability.
[[nodiscard]] ExpressLink express_link(const ConfigSpace& config, std::uint16_t capability);

}  // namespace siskin
