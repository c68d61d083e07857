// SPDX-License-Identifier: Apache-2.0
// pci-bridge and pcie-pci-bridge: bridges to conventional PCI buses.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/object/device.h"
#include "base/object/on_off_auto.h"
#include "pci/bridge.h"
#include "pci/link_codec.h"
#include "pci/properties.h"

namespace siskin {

struct PciBridgeConfig {
    PciProperties pci;
    std::uint8_t chassis_nr = 0;
    OnOffAuto msi = OnOffAuto::Auto;
    bool shpc = false;
    ReserveProperties reserve;
};

struct PciePciBridgeConfig {
    PciProperties pci;
    OnOffAuto msi = OnOffAuto::Auto;
};

extern const DeviceType kPciBridgeType;      // pci-bridge
extern const DeviceType kPciePciBridgeType;  // pcie-pci-bridge

// Bridges with the ids and the layout that Linux and Windows know from QEMU (PCI-to-PCI Bridge 1.2;
// PCI Express to PCI/PCI-X Bridge 1.0 for pcie-pci-bridge, which is a conventional function where
// its own bus is one). 32 devices behind each.
// Left out: the standard hot-plug controller (SHPC), and with it, in pci-bridge, any interrupt.
// Thread: under MachineLock.
class ConventionalBridge final : public Device, public PciBridge {
public:
    // Errors: no chassis number, shpc=on, reserves that contradict each other.
    [[nodiscard]] static Result<std::unique_ptr<ConventionalBridge>> create_pci_bridge(
        PciPlace place, std::shared_ptr<void> config);
    // All of these errors.
    [[nodiscard]] static std::vector<Error> pci_bridge_problems(const PciBridgeConfig& settings);
    [[nodiscard]] static Result<std::unique_ptr<ConventionalBridge>> create_pcie_pci_bridge(
        PciPlace place, std::shared_ptr<void> config, MsiTarget& messages);
    ~ConventionalBridge() override;

    using Device::id;
    using PciFunction::config;

    void reset(std::function<void()> done) override;
    [[nodiscard]] BridgeReserve reserve() const override { return reserve_; }
    // There is no controller for it here: only where somebody else tells the guest.
    [[nodiscard]] bool allows_hot_plug() const override {
        return bus().topology().hotplug_notifier() != nullptr;
    }

private:
    ConventionalBridge(const DeviceType& type, const PciPlace& place, const PciIdentity& identity,
                       std::shared_ptr<void> config);

    BridgeReserve reserve_;
};

}  // namespace siskin
