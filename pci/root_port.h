// SPDX-License-Identifier: Apache-2.0
// pcie-root-port: a root port with one slot.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/object/device.h"
#include "pci/bridge.h"
#include "pci/properties.h"

namespace siskin {

struct RootPortConfig {
    PciProperties pci;
    std::uint8_t port = 0;
    std::uint8_t chassis = 0;
    std::uint16_t slot = 0;
};

inline constexpr std::array kRootPortProperties{
    property<&RootPortConfig::port>("port", "Port number in the link capabilities."),
    property<&RootPortConfig::chassis>("chassis", "Chassis number of the slot."),
    property<&RootPortConfig::slot>("slot", "Physical slot number in the chassis.",
                                    InRange{0, 0x1fff}),
};

inline constexpr std::array kRootPortGroups{
    group<&RootPortConfig::pci>(kPciProperties),
    group_of_whole(kRootPortProperties),
};

extern const DeviceType kRootPortType;

// A PCI Express root port (PCIe 5.0 §1.3.1) with the ids that Linux and Windows know from QEMU.
// Left out on purpose: hot-plug, MSI, AER, ACS. Its device is plugged before the guest runs.
// Thread: under MachineLock.
class RootPort : public Device, public PciBridge {
public:
    // `place` is on a root bus of type Express; the config is RootPortConfig.
    // Errors: the bus is not such one, the chassis and slot are another port's, an option ROM.
    [[nodiscard]] static Result<std::unique_ptr<RootPort>> create(PciPlace place,
                                                                  std::shared_ptr<void> config);
    ~RootPort() override;

    using Device::id;
    using PciFunction::config;

    void reset(std::function<void()> done) override;
    void on_reset() override;
    void on_presence() override;

    [[nodiscard]] const RootPortConfig& settings() const { return *settings_; }

private:
    RootPort(PciPlace place, std::shared_ptr<void> config);

    const RootPortConfig* settings_;
    std::uint16_t express_ = 0;
};

}  // namespace siskin
