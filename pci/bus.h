// SPDX-License-Identifier: Apache-2.0
// PciBus: up to 32 devices of 8 functions, conventional or PCI Express, a root or behind a bridge.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pci/bdf.h"
#include "pci/function.h"
#include "pci/intx_routing.h"
#include "pci/properties.h"

namespace siskin {

class Topology;

enum class PciBusType { Conventional, Express };

// Functions are registered here, owned elsewhere (DeviceTree or board), and gone before the bus.
// Thread: under MachineLock.
class PciBus {
public:
    using Functions = std::map<DevFn, PciFunction*>;

    // A root bus, whose number is 0.
    PciBus(std::string name, PciBusType type, Topology& topology, IntxRouter& intx);
    // The secondary bus of a bridge.
    PciBus(std::string name, PciBusType type, PciBridge& parent);
    PciBus(const PciBus&) = delete;
    PciBus& operator=(const PciBus&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool is_express() const { return type_ == PciBusType::Express; }
    [[nodiscard]] bool is_root() const { return parent_ == nullptr; }
    [[nodiscard]] PciBridge* parent() const { return parent_; }
    // As the guest programmed the bridge above; 0 for a root bus.
    [[nodiscard]] std::uint8_t number() const;

    // A free place for a device with these properties (their `bus` is the caller's business), or
    // why there is none, in QEMU's words. Below a port there is device 0 only (PCIe 5.0 §7.3.1).
    [[nodiscard]] Result<PciPlace> place(const PciProperties& properties,
                                         std::string_view type_name, std::string_view id);

    [[nodiscard]] PciFunction* function(DevFn devfn) const;
    // In ascending order.
    [[nodiscard]] const Functions& functions() const { return functions_; }

    [[nodiscard]] Topology& topology() const { return topology_; }
    [[nodiscard]] IntxRouter& intx() const { return intx_; }
    // Where `pin` (0..3) of `devfn` on this bus ends on the root bus.
    [[nodiscard]] IntxInput root_input(DevFn devfn, unsigned pin) const;

    // Called by PciFunction::plug() and unplug().
    void add(PciFunction& function);
    void remove(const PciFunction& function);

private:
    [[nodiscard]] unsigned device_count() const;
    [[nodiscard]] Result<DevFn> free_slot(std::string_view type_name) const;
    [[nodiscard]] Result<> check_multifunction(DevFn devfn, bool multifunction) const;

    std::string name_;
    PciBusType type_;
    PciBridge* parent_;
    Topology& topology_;
    IntxRouter& intx_;
    Functions functions_;
};

// Calls `visit(PciFunction&)` for every function of the bus and of the buses below, each bridge
// before what is behind it, in ascending order.
template <typename Visitor>
void for_each_function(const PciBus& bus, Visitor&& visit);

}  // namespace siskin
