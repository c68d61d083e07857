// SPDX-License-Identifier: Apache-2.0
// The PCI Express capability structure, PCIe 5.0 §7.5.3.
#include "pci/express_capability.h"

#include <algorithm>

namespace siskin {

using namespace pci_spec;

namespace {

constexpr std::uint32_t kLinkSpeedMask = 0xf;
constexpr unsigned kLinkWidthShift = 4;
constexpr std::uint32_t kLinkWidthMask = 0x3f;
constexpr std::uint32_t kLinkL0s = 0x400;

std::uint32_t link_bits(const ExpressLink& link) {
    return link.speed | std::uint32_t{link.width} << kLinkWidthShift;
}

// §7.5.3.6..8, §7.5.3.18..19.
void add_link(ConfigSpace& config, std::uint16_t at, ExpressType type,
              const ExpressOptions& options) {
    const ExpressLink& link = options.link;
    config.set32(
        at + kExpressLinkCapabilities,
        link_bits(link) | kLinkL0s |
            (link.reports_active ? kExpressLinkActiveReporting | kExpressLinkBandwidth : 0) |
            std::uint32_t{options.port_number} << 24);
    config.set16(at + kExpressLinkStatus, static_cast<std::uint16_t>(link_bits(link)));
    if (is_downstream_facing(type)) {
        config.registers().set_writable(at + kExpressLinkControl, 2, kExpressLinkDisable);
    } else if (type == ExpressType::Endpoint || type == ExpressType::LegacyEndpoint) {
        // Common clock, extended synch.
        config.registers().set_writable(at + kExpressLinkControl, 2, 0x00c0);
    }
    if (link.speed > 1) {
        // §7.5.3.18: one bit a speed, from bit 1 on, and the target.
        config.set32(at + kExpressLinkCapabilities2, (2U << link.speed) - 2U);
        config.set16(at + kExpressLinkControl2, link.speed);
    }
}

void add_slot(ConfigSpace& config, std::uint16_t at, const ExpressSlot& slot) {
    // §7.5.3.9. The button, indicators and interlock are there for people; nothing needs them.
    std::uint32_t capabilities = (slot.button ? kExpressSlotButton : 0U) |
                                 kExpressSlotAttentionIndicator | kExpressSlotPowerIndicator |
                                 kExpressSlotInterlock | std::uint32_t{slot.number} << 19;
    std::uint16_t writable = kExpressSlotEnables | kExpressSlotIndicators;
    if (slot.hot_plug) {
        capabilities |= kExpressSlotHotPlug | kExpressSlotSurprise;
        writable |= kExpressSlotLinkEnable;
        config.registers().set_write_1_to_clear(at + kExpressSlotStatus, 2, kExpressSlotEvents);
    }
    if (slot.power_controller) {
        capabilities |= kExpressSlotPowerController;
        writable |= kExpressSlotPoweredOff;
    }
    config.set32(at + kExpressSlotCapabilities, capabilities);
    config.registers().set_writable(at + kExpressSlotControl, 2, writable);
}

}  // namespace

std::optional<ExpressType> express_type_at(ExpressRole role, bool bus_is_express,
                                           bool bus_is_root) {
    if (!bus_is_express) {
        return std::nullopt;
    }
    switch (role) {
        case ExpressRole::Endpoint:
            return bus_is_root ? ExpressType::IntegratedEndpoint : ExpressType::Endpoint;
        case ExpressRole::LegacyEndpoint:
            return bus_is_root ? ExpressType::IntegratedEndpoint : ExpressType::LegacyEndpoint;
        case ExpressRole::RootPort:
            return bus_is_root ? std::optional(ExpressType::RootPort) : std::nullopt;
        case ExpressRole::UpstreamPort:
            return bus_is_root ? std::nullopt : std::optional(ExpressType::UpstreamPort);
        case ExpressRole::DownstreamPort:
            return bus_is_root ? std::nullopt : std::optional(ExpressType::DownstreamPort);
        case ExpressRole::ExpressToPciBridge: return ExpressType::ExpressToPciBridge;
    }
    return std::nullopt;
}

std::uint16_t add_express_capability(ConfigSpace& config, ExpressType type,
                                     const ExpressOptions& options) {
    const std::uint16_t at =
        config.add_capability(kCapabilityExpress, kExpressCapabilitySize, options.offset);
    const unsigned slot = options.slot ? kExpressSlotImplemented : 0U;
    config.set16(at + kExpressFlags,
                 static_cast<std::uint16_t>(kExpressVersion2 | unsigned(type) << 4 | slot));

    config.set32(at + kExpressDeviceCapabilities,
                 kExpressRoleBasedErrors | (options.function_level_reset ? kExpressFlrCapable : 0));
    // §7.5.3.4: error reporting is enabled here. Payloads and read requests stay at 128 bytes, and
    // nothing is relaxed, which a function may hard-wire.
    config.registers().set_writable(at + kExpressDeviceControl, 2, 0x000f);
    config.registers().set_write_1_to_clear(at + kExpressDeviceStatus, 2, 0x000f);

    // §7.5.3: an integrated endpoint has no link registers; they read 0.
    if (type != ExpressType::IntegratedEndpoint) {
        add_link(config, at, type, options);
    }
    if (options.slot) {
        add_slot(config, at, *options.slot);
    }
    if (type == ExpressType::RootPort) {
        // §7.5.3.12: system error enables. There is no PME.
        config.registers().set_writable(at + kExpressRootControl, 2, 0x0007);
    }
    // §7.5.3.15..16
    const bool forwards = is_downstream_facing(type);
    config.set32(at + kExpressDeviceCapabilities2, kExpressExtendedFormat | kExpressTlpPrefix |
                                                       (forwards ? kExpressAriForwarding : 0));
    config.registers().set_writable(
        at + kExpressDeviceControl2, 2,
        kExpressPrefixBlocking | (forwards ? kExpressAriForwarding : 0U));
    return at;
}

ExpressLink express_link(const ConfigSpace& config, std::uint16_t capability) {
    const std::uint32_t bits = config.get32(capability + kExpressLinkCapabilities);
    ExpressLink link;
    link.speed = static_cast<std::uint8_t>(bits & kLinkSpeedMask);
    link.width = static_cast<std::uint8_t>(bits >> kLinkWidthShift & kLinkWidthMask);
    return link;
}

void set_express_partner(ConfigSpace& config, std::uint16_t capability,
                         const ExpressPartner& partner) {
    ExpressLink link = express_link(config, capability);
    if (partner.present) {
        link.speed = std::min(link.speed, partner.link.speed);
        link.width = std::min(link.width, partner.link.width);
    }
    config.set16(
        capability + kExpressLinkStatus,
        static_cast<std::uint16_t>(link_bits(link) | (partner.link_up ? kExpressLinkActive : 0U)));
    if ((config.get16(capability + kExpressFlags) & kExpressSlotImplemented) != 0) {
        config.update16(capability + kExpressSlotStatus, kExpressPresenceDetected,
                        partner.present ? kExpressPresenceDetected : std::uint16_t{0});
    }
}

void reset_express_slot(ConfigSpace& config, std::uint16_t capability, bool present) {
    if ((config.get16(capability + kExpressFlags) & kExpressSlotImplemented) == 0) {
        return;
    }
    unsigned control = kExpressSlotAttentionOff;
    if ((config.get32(capability + kExpressSlotCapabilities) & kExpressSlotPowerController) != 0) {
        control |=
            present ? kExpressSlotPowerOn : kExpressSlotPowerIndicatorOff | kExpressSlotPoweredOff;
    }
    config.set16(capability + kExpressSlotControl, static_cast<std::uint16_t>(control));
}

}  // namespace siskin
