// SPDX-License-Identifier: Apache-2.0
// Expander: pxb-pcie, which gives the host a further root bus.
#pragma once

#include <cstdint>
#include <memory>

#include "base/object/device.h"
#include "pci/bus.h"
#include "pci/function.h"
#include "pci/properties.h"

namespace siskin {

struct ExpanderConfig {
    PciProperties pci;
    std::uint8_t bus_nr = 0;
    std::uint16_t numa_node = 128;  // unassigned, QEMU's number for it
    bool bypass_iommu = false;
};

extern const DeviceType kExpanderType;  // pxb-pcie

// A function on the first root bus that only marks its place, and a PCI Express root bus with a
// number of its own. The bus shares the host's address ranges and interrupt lines; a device on it
// reaches the lines as one of the same number on the first root bus would.
// Thread: under MachineLock.
class Expander final : public Device, public PciFunction {
public:
    // Errors: the bus number is 0 or another root bus's. That no bridge of the bus below gets its
    // number is firmware's business.
    [[nodiscard]] static Result<std::unique_ptr<Expander>> create(PciPlace place,
                                                                  std::shared_ptr<void> config);
    [[nodiscard]] static Result<> check_number(std::uint8_t number, const Topology& topology);
    ~Expander() override;

    using Device::id;
    using PciFunction::config;

    void reset(std::function<void()> done) override;

    [[nodiscard]] PciBus& root() { return root_; }
    [[nodiscard]] const PciBus& root() const { return root_; }

private:
    Expander(const PciPlace& place, std::shared_ptr<void> config);

    PciBus root_;
};

}  // namespace siskin
