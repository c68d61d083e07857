// SPDX-License-Identifier: Apache-2.0
// DeviceEnvironment: all that a device may need from its machine, as seams and registries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bus/address_space.h"
#include "base/bus/doorbell.h"
#include "base/bus/irq_line.h"
#include "base/bus/machine_lock.h"
#include "base/bus/msi.h"
#include "base/loop/event_loop.h"
#include "base/loop/io_thread.h"
#include "base/memory/guest_memory.h"
#include "base/object/device_tree.h"
#include "base/result.h"
#include "devices/chardev/chardev_registry.h"
#include "devices/platform/isa_devices.h"
#include "devices/platform/machine_requests.h"
#include "pci/function.h"
#include "pci/host_bridge.h"
#include "pci/option_rom.h"
#include "pci/place_rule.h"
#include "pci/properties.h"
#include "virtio/transport/interrupt_relay.h"
#include "virtio/transport/line_ends.h"
#include "vmm/machine/block_graph.h"
#include "vmm/machine/disk_services.h"
#include "vmm/machine/io_threads.h"

namespace siskin {

// Chooses places in the stead of the device's own properties and rules, and hears of all that
// speaks against a device, for a plan.
class PlaceFinder {
public:
    virtual ~PlaceFinder() = default;
    // Success is no news; the same reason may come twice.
    virtual void note(const Result<>& result) = 0;
    [[nodiscard]] virtual Result<PciPlace> find_place(const PciProperties& properties,
                                                      std::string_view type_name,
                                                      const std::string& id,
                                                      const PlaceRule& rule) = 0;
};

// References into the machine, which outlives its devices. Thread: VM loop, under MachineLock.
struct DeviceEnvironment {
    MachineLock& lock;
    EventLoop& loop;
    AddressSpace& ports;
    HostBridge& pci;
    MsiTarget& msi;
    DoorbellRegistry& doorbells;
    InterruptRelay& relay;
    LineEnds& line_ends;
    std::function<std::unique_ptr<IrqLine>(Gsi)> irq_line;
    std::shared_ptr<const GuestMemory> memory;
    std::uint16_t vcpu_count;
    MachineRequests& requests;
    IsaSerialPlaces& serial_places;
    DeviceTree& devices;
    ChardevRegistry& chardevs;
    BlockGraph& blocks;
    IoThreads& io_threads;
    DiskServices& disks;
    bool hot_plugging = false;  // the machine is there already
    // Of the device at hand: its option ROM, where that was loaded ahead.
    std::optional<std::shared_ptr<OptionRom>> rom = std::nullopt;
    // Of a plan: devices are made for their shape alone, with nothing that runs.
    PlaceFinder* places = nullptr;
};

}  // namespace siskin
