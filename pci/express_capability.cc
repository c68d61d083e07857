// SPDX-License-Identifier: Apache-2.0
// The PCI Express capability structure, PCIe 5.0 §7.5.3.
#include "pci/express_capability.h"

namespace siskin {

using namespace pci_spec;

namespace {

bool has_link(ExpressType type) {
    return type != ExpressType::IntegratedEndpoint;
}

// Link at 2.5 GT/s, one lane: a virtual link has no speed of its own. §7.5.3.6..8, §7.5.3.18..19.
void add_link(ConfigSpace& config, std::uint16_t at, ExpressType type,
              const ExpressOptions& options) {
    constexpr std::uint32_t kSpeed2_5 = 0x1;
    constexpr std::uint32_t kWidth1 = 0x1 << 4;
    const bool is_port = type == ExpressType::RootPort || type == ExpressType::DownstreamPort;
    config.set32(at + kExpressLinkCapabilities, kSpeed2_5 | kWidth1 |
                                                    (is_port ? kExpressLinkActiveReporting : 0) |
                                                    std::uint32_t{options.port_number} << 24);
    config.set16(at + kExpressLinkStatus, kSpeed2_5 | kWidth1);
    // ASPM control, read completion boundary, common clock, extended synch.
    config.registers().set_writable(at + kExpressLinkControl, 2, 0x00cb);
    config.set32(at + kExpressLinkCapabilities2, kSpeed2_5 << 1);  // supported speeds: 2.5 GT/s
    config.set16(at + kExpressLinkControl2, kSpeed2_5);
}

}  // namespace

std::uint16_t add_express_capability(ConfigSpace& config, ExpressType type,
                                     const ExpressOptions& options) {
    const std::uint16_t at =
        config.add_capability(kCapabilityExpress, kExpressCapabilitySize, options.offset);
    const unsigned slot = options.slot_number ? kExpressSlotImplemented : 0U;
    config.set16(at + kExpressFlags,
                 static_cast<std::uint16_t>(kExpressVersion2 | unsigned(type) << 4 | slot));

    config.set32(at + kExpressDeviceCapabilities,
                 kExpressRoleBasedErrors | (options.function_level_reset ? kExpressFlrCapable : 0));
    // §7.5.3.4: error reporting enables, relaxed ordering, no snoop, maximum read request size.
    // Their values have no effect here; drivers read back what they set. Payloads stay at 128.
    config.set16(at + kExpressDeviceControl, 0x2810);
    config.registers().set_writable(at + kExpressDeviceControl, 2, 0x781f);
    config.registers().set_write_1_to_clear(at + kExpressDeviceStatus, 2, 0x000f);

    // §7.5.3: an integrated endpoint has no link registers; they read 0.
    if (has_link(type)) {
        add_link(config, at, type, options);
    }
    if (options.slot_number) {
        config.set32(at + kExpressSlotCapabilities, static_cast<std::uint32_t>(*options.slot_number)
                                                        << 19);
    }
    if (type == ExpressType::RootPort) {
        // §7.5.3.12: system error enables and PME interrupt enable.
        config.registers().set_writable(at + kExpressRootControl, 2, 0x000f);
    }
    return at;
}

void set_express_presence(ConfigSpace& config, std::uint16_t capability, bool present) {
    config.update16(capability + kExpressLinkStatus, kExpressLinkActive,
                    present ? kExpressLinkActive : std::uint16_t{0});
    config.update16(capability + kExpressSlotStatus, kExpressPresenceDetected,
                    present ? kExpressPresenceDetected : std::uint16_t{0});
}

}  // namespace siskin
