// SPDX-License-Identifier: Apache-2.0
// Configuration requests from the host side.
#include "pci/host_bridge.h"

#include <vector>

#include "base/bits.h"
#include "base/result.h"

namespace siskin {
namespace {

constexpr std::uint32_t kAddressEnable = 0x80000000;
constexpr std::uint32_t kAddressBits = 0x80fffffc;  // the rest is reserved and reads 0

}  // namespace

HostBridge::HostBridge(AddressSpace& memory, AddressSpace& ports, std::string root_name,
                       unsigned bus_count)
    : bus_count_(bus_count),
      topology_(memory, ports),
      root_(std::move(root_name), PciBusType::Express, topology_, intx_) {
    SISKIN_ASSERT(bus_count >= 1 && bus_count <= 256);
    topology_.add_root(root_);
}

HostBridge::~HostBridge() {
    topology_.remove_root(root_);
}

PciFunction* HostBridge::find(Bdf bdf) const {
    const PciBus* const bus = bus_numbered(bdf.bus);
    return bus == nullptr ? nullptr : bus->target_of(bdf.devfn);
}

const PciBus* HostBridge::bus_numbered(std::uint8_t number) const {
    if (routes_.generation != topology_.routing_generation()) {
        routes_.generation = topology_.routing_generation();
        routes_.buses.fill(std::nullopt);
    }
    std::optional<const PciBus*>& known = routes_.buses.at(number);
    if (!known) {
        known = walk_to(number);
    }
    return *known;
}

// From the root bus that is responsible, down through the bridges.
const PciBus* HostBridge::walk_to(std::uint8_t wanted) const {
    const PciBus* bus = nullptr;
    for (const PciBus* const root : topology_.roots()) {
        if (root->number() <= wanted) {
            bus = root;
        }
    }
    if (bus == nullptr || wanted >= bus_count_) {
        return nullptr;
    }
    std::uint8_t number = bus->number();
    while (number != wanted) {
        const PciBridge* next = nullptr;
        for (const auto& [devfn, function] : bus->functions()) {
            const PciBridge* const bridge = function->as_bridge();
            if (bridge != nullptr && bridge->forwards_bus(wanted)) {
                next = bridge;
                break;
            }
        }
        if (next == nullptr) {
            return nullptr;
        }
        bus = &next->secondary();
        number = next->secondary_number();
    }
    return bus;
}

std::uint64_t HostBridge::config_read(Bdf bdf, IoAccess access) const {
    PciFunction* const function = find(bdf);
    return (function != nullptr ? function->config_read(access) : all_ones(access.width)) &
           all_ones(access.width);
}

void HostBridge::config_write(Bdf bdf, IoAccess access, std::uint64_t value) const {
    if (PciFunction* const function = find(bdf)) {
        function->config_write(access, value & all_ones(access.width));
    }
}

void HostBridge::reset() {
    const Topology::Batch batch(topology_);
    for_each_function(topology_, [](PciFunction& function) { function.reset_function(); });
    ports_.address = 0;
}

namespace {

// PCIe 5.0 §7.2.2, table 7-1: bits 27:20 bus, 19:15 device, 14:12 function, 11:0 register.
Bdf ecam_function(std::uint64_t offset) {
    return Bdf{static_cast<std::uint8_t>(offset >> 20),
               DevFn(static_cast<std::uint8_t>(offset >> 12))};
}

}  // namespace

std::uint64_t HostBridge::Ecam::read(IoAccess access) {
    if (access.offset >= owner_.ecam_size()) {
        return all_ones(access.width);
    }
    return owner_.config_read(ecam_function(access.offset),
                              IoAccess{access.offset & 0xfff, access.width});
}

void HostBridge::Ecam::write(IoAccess access, std::uint64_t value) {
    if (access.offset < owner_.ecam_size()) {
        owner_.config_write(ecam_function(access.offset),
                            IoAccess{access.offset & 0xfff, access.width}, value);
    }
}

namespace {

bool is_data_access(IoAccess access) {
    return access.offset >= 4 && access.width <= 4 && access.offset + access.width <= 8;
}

Bdf latched_function(std::uint32_t address) {
    return Bdf{static_cast<std::uint8_t>(address >> 16),
               DevFn(static_cast<std::uint8_t>(address >> 8))};
}

// Bits 7:2 of the latch and the two low bits of the port.
IoAccess latched_access(std::uint32_t address, IoAccess access) {
    return IoAccess{(address & 0xfc) | (access.offset & 3), access.width};
}

}  // namespace

// PCI Local Bus 3.0 §3.2.2.3.2: CONFIG_ADDRESS takes accesses of 4 bytes; narrower ones are other
// ports, of which only the reset control register at 0xcf9 exists.
std::uint64_t HostBridge::ConfigPorts::read(IoAccess access) {
    if (access.offset == 0 && access.width == 4) {
        return address;
    }
    if (access.offset == 1 && access.width == 1 && reset_control != nullptr) {
        return reset_control->read(IoAccess{0, 1});
    }
    if (!is_data_access(access) || (address & kAddressEnable) == 0) {
        return all_ones(access.width);
    }
    return owner_.config_read(latched_function(address), latched_access(address, access));
}

void HostBridge::ConfigPorts::write(IoAccess access, std::uint64_t value) {
    if (access.offset == 0 && access.width == 4) {
        address = static_cast<std::uint32_t>(value) & kAddressBits;
    } else if (access.offset == 1 && access.width == 1 && reset_control != nullptr) {
        reset_control->write(IoAccess{0, 1}, value & 0xff);
    } else if (is_data_access(access) && (address & kAddressEnable) != 0) {
        owner_.config_write(latched_function(address), latched_access(address, access), value);
    }
}

}  // namespace siskin
