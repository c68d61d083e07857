// SPDX-License-Identifier: Apache-2.0
// Reading the tree out of the registers.
#include "pci/describe.h"

#include "pci/bridge.h"

namespace siskin {

using namespace pci_spec;

namespace {

PciRegionInfo describe_bar(const PciFunction& function, const Bar& bar) {
    const bool decoded = bar.is_io() ? function.decodes_io() : function.decodes_memory();
    return PciRegionInfo{
        bar.index(),
        bar.is_io(),
        bar.spec().prefetchable,
        bar.spec().kind == BarKind::Memory64,
        bar.spec().size.value(),
        decoded ? bar.wanted(function.config()) : std::nullopt,
    };
}

PciBridgeInfo describe_bridge(const PciBridge& bridge) {
    const PciBridge::Windows windows = bridge.windows();
    return PciBridgeInfo{
        bridge.config().get8(kPrimaryBus),
        bridge.secondary_number(),
        bridge.subordinate_number(),
        AddressWindow{windows.io_base, windows.io_limit},
        AddressWindow{windows.memory_base, windows.memory_limit},
        AddressWindow{windows.prefetchable_base, windows.prefetchable_limit},
        std::make_shared<PciBusInfo>(describe(bridge.secondary())),
    };
}

PciFunctionInfo describe_function(const PciFunction& function) {
    const ConfigSpace& config = function.config();
    PciFunctionInfo info;
    info.bus = function.bus().number();
    info.device = function.devfn().device();
    info.function = function.devfn().function();
    info.id = function.id();
    info.type_name = function.type_name();
    info.vendor_id = config.get16(kVendorId);
    info.device_id = config.get16(kDeviceId);
    info.class_code = static_cast<std::uint32_t>(config.registers().get(kClassCode, 3));
    info.interrupt_pin = config.get8(kInterruptPin);
    info.interrupt_line = config.get8(kInterruptLine);
    for (const std::optional<Bar>& bar : function.bars()) {
        if (bar) {
            info.regions.push_back(describe_bar(function, *bar));
        }
    }
    if (const PciBridge* const bridge = function.as_bridge()) {
        info.bridge = describe_bridge(*bridge);
    } else {
        info.subsystem_vendor_id = config.get16(kSubsystemVendorId);
        info.subsystem_id = config.get16(kSubsystemId);
    }
    return info;
}

}  // namespace

PciBusInfo describe(const PciBus& bus) {
    PciBusInfo info{bus.number(), bus.name(), {}};
    for (const auto& [devfn, function] : bus.functions()) {
        info.functions.push_back(describe_function(*function));
    }
    return info;
}

}  // namespace siskin
