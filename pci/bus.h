// SPDX-License-Identifier: Apache-2.0
// PciBus: up to 32 devices of 8 functions, conventional or PCI Express, a root or behind a bridge.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pci/bdf.h"
#include "pci/function.h"
#include "pci/intx_routing.h"
#include "pci/place_rule.h"
#include "pci/properties.h"

namespace siskin {

class Topology;

enum class PciBusType { Conventional, Express };

// Functions are registered here, owned elsewhere (DeviceTree or board), and gone before the bus.
// Thread: under MachineLock.
class PciBus {
public:
    using Functions = std::map<DevFn, PciFunction*>;

    // A root bus, whose number is fixed; 0 is the host bridge's own, others are expanders.
    PciBus(std::string name, PciBusType type, Topology& topology, IntxRouter& intx,
           std::uint8_t number = 0);
    // The secondary bus of a bridge.
    PciBus(std::string name, PciBusType type, PciBridge& parent);
    PciBus(const PciBus&) = delete;
    PciBus& operator=(const PciBus&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool is_express() const { return type_ == PciBusType::Express; }
    [[nodiscard]] bool is_root() const { return parent_ == nullptr; }
    // A root bus besides the host bridge's own.
    [[nodiscard]] bool is_expander() const { return is_root() && root_number_ != 0; }
    [[nodiscard]] PciBridge* parent() const { return parent_; }
    // As the guest programmed the bridge above; a root bus has its own.
    [[nodiscard]] std::uint8_t number() const;

    // A free place for a device with these properties (their `bus` is the caller's business), or
    // why there is none, in QEMU's words, and which buses would do. Below a port there is device 0
    // only (PCIe 5.0 §7.3.1).
    [[nodiscard]] Result<PciPlace> place(const PciProperties& properties,
                                         std::string_view type_name, std::string_view id,
                                         const PlaceRule& rule = PlaceRule::kEndpoint);
    // The same for all but the option ROM, and with all that is in the way.
    struct PlaceSearch {
        std::optional<PciPlace> place;
        std::vector<Error> problems;  // none: there is a place
    };
    [[nodiscard]] PlaceSearch search_place(const PciProperties& properties,
                                           std::string_view type_name, std::string_view id,
                                           const PlaceRule& rule);
    // Some slot is free.
    [[nodiscard]] bool has_room() const;

    // Of an expander's root bus: the address ranges firmware gave to it, for the operating system's
    // description of the host. A size of 0: none.
    struct Range {
        std::uint64_t base = 0;
        std::uint64_t size = 0;  // bytes
    };
    struct RootRanges {
        Range io;
        Range memory32;
        Range memory64;
    };
    [[nodiscard]] const RootRanges& ranges() const { return ranges_; }
    void set_ranges(const RootRanges& ranges) { ranges_ = ranges; }
    // Whether a device may come, or go, while the machine is there: where the bridge above has a
    // way to tell the guest. Never on a root bus.
    [[nodiscard]] Result<> check_hot_plug(const PlaceRule& rule = PlaceRule::kEndpoint) const;
    [[nodiscard]] bool is_hot_pluggable() const;
    // The guest is asked to let go of that device.
    void request_eject(unsigned device) const;
    // Function 0 comes last: with it the guest is told of the device. Error: it is there already.
    [[nodiscard]] Result<> check_hot_plug_function(const PciPlace& place) const;

    [[nodiscard]] PciFunction* function(DevFn devfn) const;
    // The same for a configuration request: below a port only device 0 gets it, and the others only
    // while the port forwards by ARI (PCIe 5.0 §6.13).
    [[nodiscard]] PciFunction* target_of(DevFn devfn) const;
    // Below a port: one device (PCIe 5.0 §7.3.1), of 8 functions, or up to 256 that have ARI.
    [[nodiscard]] bool has_one_device() const;
    // The slot that the function is in: its device number, and 0 below a port, with ARI, too.
    [[nodiscard]] unsigned slot_of(DevFn devfn) const {
        return has_one_device() ? 0 : devfn.device();
    }
    // The next one with ARI, by its number in the device (§7.8.8.2); 0: there is none.
    [[nodiscard]] std::uint8_t next_ari_function(DevFn devfn) const;
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
    [[nodiscard]] unsigned device_count(const PlaceRule& rule = PlaceRule::kEndpoint) const;
    [[nodiscard]] std::optional<DevFn> free_slot() const;
    [[nodiscard]] Result<DevFn> choose_devfn(const PciProperties& properties,
                                             std::string_view type_name,
                                             const PlaceRule& rule) const;
    [[nodiscard]] Result<> check_multifunction(DevFn devfn, bool multifunction) const;

    std::string name_;
    PciBusType type_;
    PciBridge* parent_;
    std::uint8_t root_number_ = 0;
    Topology& topology_;
    IntxRouter& intx_;
    Functions functions_;
    RootRanges ranges_;
};

// Calls `visit(PciFunction&)` for every function of the bus and of the buses below, each bridge
// before what is behind it, in ascending order.
template <typename Visitor>
void for_each_function(const PciBus& bus, Visitor&& visit);
// The same of all root buses.
template <typename Visitor>
void for_each_function(const Topology& topology, Visitor&& visit);
// Calls `visit(PciBus&)` for every bus, each before those behind it.
template <typename Visitor>
void for_each_bus(const Topology& topology, Visitor&& visit);
// The bus of that name ("pcie.0", "rp1"), or null.
[[nodiscard]] PciBus* find_bus(const Topology& topology, std::string_view name);
// `id`, so that users name a bus by its bridge; without one the first free "<prefix>N", N from 1.
[[nodiscard]] std::string new_bus_name(const Topology& topology, const std::string& id,
                                       std::string_view prefix);

}  // namespace siskin
