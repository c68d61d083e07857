// SPDX-License-Identifier: Apache-2.0
// The PCI tree as plain data, for query-pci.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pci/bus.h"
#include "pci/topology.h"

namespace siskin {

struct PciRegionInfo {
    unsigned bar = 0;
    bool is_io = false;
    bool prefetchable = false;
    bool is_64_bit = false;
    std::uint64_t size = 0;                // bytes
    std::optional<std::uint64_t> address;  // none: unassigned, or its decoding is off
};

struct PciBusInfo;

// What a bridge's registers hold.
struct PciBridgeInfo {
    std::uint8_t primary = 0;
    std::uint8_t secondary = 0;
    std::uint8_t subordinate = 0;
    AddressWindow io;  // base and limit as programmed
    AddressWindow memory;
    AddressWindow prefetchable;
    std::shared_ptr<PciBusInfo> bus;  // behind it; never null
};

struct PciFunctionInfo {
    std::uint8_t bus = 0;
    unsigned device = 0;
    unsigned function = 0;
    std::string id;  // qdev id, may be empty
    std::string type_name;
    std::uint16_t vendor_id = 0;
    std::uint16_t device_id = 0;
    std::uint16_t subsystem_vendor_id = 0;
    std::uint16_t subsystem_id = 0;
    std::uint32_t class_code = 0;    // 0xbbssii
    std::uint8_t interrupt_pin = 0;  // 0: none
    std::uint8_t interrupt_line = 0;
    std::vector<PciRegionInfo> regions;
    std::optional<PciBridgeInfo> bridge;
};

struct PciBusInfo {
    std::uint8_t number = 0;
    std::string name;
    std::vector<PciFunctionInfo> functions;
};

// Thread: under MachineLock.
[[nodiscard]] PciBusInfo describe(const PciBus& bus);

}  // namespace siskin
