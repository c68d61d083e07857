// SPDX-License-Identifier: Apache-2.0
// Hotplug: how devices leave, and what is behind or on them before.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "pci/bridge.h"
#include "vmm/machine/hotplug.h"
#include "vmm/machine/scsi_catalog.h"

namespace siskin {

// The guest is not asked: a unit may go at any time, and the driver is told.
std::string Hotplug::let_unit_go(const DeviceTree::Entry& entry) {
    const std::string path = entry.path;
    progress_.begin(HotplugOperation::Unplug, entry.device->id(), path);
    progress_.note(path, HotplugOperation::Unplug, HotplugStep::Requested);
    leave_unit(entry);
    return path;
}

void Hotplug::leave_unit(const DeviceTree::Entry& entry) {
    const auto done = std::make_shared<std::atomic<bool>>(false);
    leaving_.push_back(Leaving{entry.path, done});
    dynamic_cast<ScsiDisk&>(*entry.device).unplug([done, drained = drained_] {
        done->store(true);
        drained->wake.signal();
    });
}

// What is behind it goes first. The depth is that of the tree, bounded by the bus numbers.
void Hotplug::leave(PciFunction& function, Cause cause) {
    if (const PciBridge* const bridge = function.as_bridge()) {
        const PciBus::Functions behind = bridge->secondary().functions();
        for (const auto& [devfn, child] : behind) {
            leave(*child, cause);
        }
    }
    const DeviceTree::Entry* const entry = entry_of(function);
    SISKIN_ASSERT(entry != nullptr);  // the board's own functions are on the root bus
    if (!progress_.is_under_way(entry->path, HotplugOperation::Unplug)) {
        progress_.begin(HotplugOperation::Unplug, entry->device->id(), entry->path);
    }
    if (cause == Cause::Guest) {
        progress_.note(entry->path, HotplugOperation::Unplug, HotplugStep::GuestReleased);
    }
    std::erase_if(asked_, [&](const Asked& asked) { return asked.path == entry->path; });
    leave_units_of(*entry->device);
    const auto done = std::make_shared<std::atomic<bool>>(false);
    leaving_.push_back(Leaving{entry->path, done});
    function.unplug();
    entry->device->reset([done, drained = drained_] {
        done->store(true);
        drained->wake.signal();
    });
}

// Before the device that carries their commands.
void Hotplug::leave_units_of(const Device& host) {
    const ScsiBus* const bus = scsi_bus_of(host);
    for (const DeviceTree::Entry& entry : environment_.devices.entries()) {
        const auto* const unit = dynamic_cast<const ScsiDisk*>(entry.device.get());
        if (bus != nullptr && unit != nullptr && &unit->bus() == bus && !is_leaving(entry.path)) {
            progress_.begin(HotplugOperation::Unplug, entry.device->id(), entry.path);
            leave_unit(entry);
        }
    }
}

void Hotplug::leave_all(const PciBus& bus, unsigned device, Cause cause) {
    const PciBus::Functions there = bus.functions();
    for (const auto& [devfn, function] : there) {
        if (bus.slot_of(devfn) == device) {
            leave(*function, cause);
        }
    }
}

void Hotplug::process() {
    static_cast<void>(drained_->wake.take());
    tell_progress();
    Names refused;
    {
        const MutexLock hold(environment_.lock);
        refused = std::exchange(refused_, {});
    }
    for (const auto& [id, path] : refused) {
        events_.on_unplug_refused(id, path);
    }
    while (finish_first()) {
    }
}

// In the order in which they left their buses. False: there is none, or it is not done yet.
bool Hotplug::finish_first() {
    std::string path;
    std::unique_ptr<Device> device;
    {
        const MutexLock hold(environment_.lock);
        if (leaving_.empty() || !leaving_.front().done->load()) {
            return false;
        }
        path = std::move(leaving_.front().path);
        leaving_.pop_front();
        device = environment_.devices.take(path);
    }
    // A thread that is busy with another device holds up no vCPU.
    device->settle();
    const std::string id = device->id();
    std::vector<std::string> parts;
    for (const DevicePart& part : device->parts()) {
        parts.push_back(concat(path, '/', part.name));
    }
    {
        const MutexLock hold(environment_.lock);
        device.reset();
        progress_.note(path, HotplugOperation::Unplug, HotplugStep::Released);
        progress_.end(path, concat("Device '", path, "' is gone"));
    }
    for (const std::string& part : parts) {
        events_.on_device_deleted("", part);
    }
    events_.on_device_deleted(id, path);
    tell_progress();
    return true;
}

}  // namespace siskin
