// SPDX-License-Identifier: Apache-2.0
// Devices, objects and address spaces for the human monitor.
#include <algorithm>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "pci/bridge.h"
#include "pci/describe.h"
#include "vmm/hmp/digits.h"
#include "vmm/machine/address_plan.h"
#include "vmm/machine/commands_machine.h"
#include "vmm/machine/inspector.h"
#include "vmm/machine/qom_tree.h"
#include "vmm/machine/scsi_catalog.h"

namespace siskin {
namespace {

constexpr std::uint64_t kIoApicSize = 0x1000;
constexpr std::uint64_t kLocalApicSize = 0x100000;  // all that MSI addresses (SDM vol. 3A §11.11.1)
constexpr std::uint64_t kPortLast = 0xffff;
constexpr std::string_view kIsaBridge = "ICH9-LPC";

hmp::QtreeDevice device_entry(const Device& device) {
    hmp::QtreeDevice entry;
    entry.type = device.type().name;
    entry.id = device.id();
    for (const PropertyGroup& group : device.type().properties) {
        const void* const part = group.part(device.config());
        for (const PropertyRow& row : group.rows) {
            entry.properties.push_back(
                {std::string(row.name), std::string(row.type_name), row.get(part)});
        }
    }
    return entry;
}

// The device of the tree that is this function; null for one of the board's own.
const Device* device_of(const DeviceTree& devices, const PciFunction& function) {
    for (const DeviceTree::Entry& entry : devices.entries()) {
        if (dynamic_cast<const PciFunction*>(entry.device.get()) == &function) {
            return entry.device.get();
        }
    }
    return nullptr;
}

std::string identity_fact(const PciFunctionInfo& info) {
    using hmp::hex_digits;
    const std::string_view name = pci_class_name(info.class_code);
    return concat("class ", name.empty() ? hex_digits(info.class_code >> 8U, 4) : std::string(name),
                  ", addr ", hex_digits(info.bus, 2), ':', hex_digits(info.device, 2), '.',
                  info.function, ", pci id ", hex_digits(info.vendor_id, 4), ':',
                  hex_digits(info.device_id, 4), " (sub ", hex_digits(info.subsystem_vendor_id, 4),
                  ':', hex_digits(info.subsystem_id, 4), ')');
}

std::string bar_fact(const PciRegionInfo& region) {
    const std::uint64_t first = region.address.value_or(~std::uint64_t{0});
    return concat("bar ", region.bar, region.is_io ? ": i/o at " : ": mem at ", hex(first), " [",
                  hex(first + region.size - 1), ']');
}

// Of what the user asked for, the tree shows what came of it.
void tell_place(hmp::QtreeDevice& entry, const PciFunctionInfo& info) {
    std::erase_if(entry.properties, [](const auto& property) { return property.name == "bus"; });
    for (hmp::QtreeDevice::Property& property : entry.properties) {
        if (property.name == "addr") {
            property.type = hmp::kPlainText;
            property.value = concat(hmp::hex_digits(info.device, 2), '.', info.function);
        }
    }
}

hmp::QtreeBus isa_bus(const DeviceTree& devices) {
    hmp::QtreeBus bus{"isa.0", "ISA", {}};
    for (const DeviceTree::Entry& entry : devices.entries()) {
        if (entry.device->type().bus == "ISA") {
            bus.devices.push_back(device_entry(*entry.device));
        }
    }
    return bus;
}

hmp::QtreeBus scsi_bus(const DeviceTree& devices, const ScsiBus& bus) {
    hmp::QtreeBus tree{bus.name(), "SCSI", {}};
    for (const DeviceTree::Entry& entry : devices.entries()) {
        const auto* const unit = dynamic_cast<const ScsiDisk*>(entry.device.get());
        if (unit == nullptr || &unit->bus() != &bus) {
            continue;
        }
        tree.devices.push_back(device_entry(*unit));
        for (hmp::QtreeDevice::Property& property : tree.devices.back().properties) {
            if (property.name == "scsi-id") {
                property.value = std::uint64_t{unit->address().target};
            } else if (property.name == "lun") {
                property.value = std::uint64_t{unit->address().lun};
            }
        }
    }
    return tree;
}

// As deep as the tree of bridges.
hmp::QtreeBus pci_bus(const DeviceTree& devices, const PciBus& bus) {
    hmp::QtreeBus tree{bus.name(), bus.is_express() ? "PCIE" : "PCI", {}};
    const PciBusInfo described = describe(bus);
    auto info = described.functions.begin();
    for (const auto& [devfn, function] : bus.functions()) {
        const Device* const device = device_of(devices, *function);
        hmp::QtreeDevice entry = device != nullptr
                                     ? device_entry(*device)
                                     : hmp::QtreeDevice{function->type_name(), "", {}, {}, {}};
        tell_place(entry, *info);
        entry.facts.push_back(identity_fact(*info));
        for (const PciRegionInfo& region : info->regions) {
            entry.facts.push_back(bar_fact(region));
        }
        if (const PciBridge* const bridge = function->as_bridge()) {
            entry.buses.push_back(pci_bus(devices, bridge->secondary()));
        }
        if (const ScsiBus* const scsi = device == nullptr ? nullptr : scsi_bus_of(*device)) {
            entry.buses.push_back(scsi_bus(devices, *scsi));
        }
        if (function->type_name() == kIsaBridge) {
            entry.buses.push_back(isa_bus(devices));
        }
        tree.devices.push_back(std::move(entry));
        ++info;
    }
    return tree;
}

// Children by name, as QEMU has them.
hmp::QomNode object_view(const QomTree& tree, const QomNode& node) {
    hmp::QomNode view{node.name(), node.type, {}};
    for (const QomNode& child : tree.children(node)) {
        view.children.push_back(object_view(tree, child));
    }
    std::sort(view.children.begin(), view.children.end(),
              [](const auto& left, const auto& right) { return left.name < right.name; });
    return view;
}

std::string backend_name(const MemoryBackends& backends, const GuestRegion& region) {
    for (const MemoryBackends::Entry& entry : backends.entries()) {
        if (entry.memory->mapping() == region.backing) {
            return entry.memory->id();
        }
    }
    return "ram";
}

void add_map(hmp::MappedSpace& space, const AddressSpace& addresses) {
    for (const IoRange& range : *addresses.map()) {
        space.regions.push_back({range.base, range.base + (range.size - 1), "i/o",
                                 std::string(range.name), range.offset});
    }
    std::sort(space.regions.begin(), space.regions.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
}

}  // namespace

hmp::QtreeBus MachineInspector::device_tree() {
    const MutexLock hold(machine_.lock());
    hmp::QtreeBus system{"main-system-bus", "System", {}};
    for (const PciBus* const root : machine_.board().pci().topology().roots()) {
        hmp::QtreeDevice host{
            root->is_expander() ? "pxb-pcie-host" : "q35-pcihost", "", {}, {}, {}};
        host.buses.push_back(pci_bus(machine_.devices(), *root));
        if (root->is_expander()) {
            host.buses.back().type = "pxb-pcie-bus";
        }
        system.devices.push_back(std::move(host));
    }
    return system;
}

// The tree that QMP shows, below /machine.
hmp::QomNode MachineInspector::object_tree() {
    const MutexLock hold(machine_.lock());
    const QomTree tree(qom_parts(machine_));
    const auto node = tree.find("/machine");
    SISKIN_ASSERT(node.has_value());
    return object_view(tree, *node);
}

std::vector<hmp::MappedSpace> MachineInspector::address_spaces() {
    hmp::MappedSpace memory{"memory", "system", ~std::uint64_t{0}, {}};
    hmp::MappedSpace ports{"I/O", "io", kPortLast, {}};
    for (const GuestRegion& region : machine_.memory().regions()) {
        const std::uint64_t base = region.base.value();
        memory.regions.push_back({base, base + (region.size().value() - 1), "ram",
                                  backend_name(machine_.memory_backends(), region), region.offset});
    }
    memory.regions.push_back(
        {kIoApicBase, kIoApicBase + (kIoApicSize - 1), "i/o", "kvm-ioapic", 0});
    memory.regions.push_back(
        {kLocalApicBase, kLocalApicBase + (kLocalApicSize - 1), "i/o", "kvm-apic-msi", 0});
    const MutexLock hold(machine_.lock());
    add_map(memory, machine_.board().memory());
    add_map(ports, machine_.board().ports());
    return {std::move(memory), std::move(ports)};
}

std::vector<hmp::NumaNodeInfo> MachineInspector::numa_nodes() {
    std::vector<hmp::NumaNodeInfo> nodes;
    for (const NumaNode& node : machine_.config().numa.nodes) {
        nodes.push_back({node.cpus, node.size.value()});
    }
    return nodes;
}

std::vector<hmp::IoThreadInfo> MachineInspector::io_threads() {
    const MutexLock hold(machine_.lock());
    std::vector<hmp::IoThreadInfo> threads;
    for (const IoThreads::Entry& entry : machine_.io_threads().entries()) {
        if (!entry.id.empty()) {
            threads.push_back({entry.id, entry.thread->thread_id(), entry.config.poll_max_ns,
                               entry.config.poll_grow, entry.config.poll_shrink});
        }
    }
    return threads;
}

}  // namespace siskin
