// SPDX-License-Identifier: Apache-2.0
// Devices that come and go.
#include "vmm/machine/hotplug.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "pci/bridge.h"
#include "vmm/machine/device_builder.h"

namespace siskin {

Result<std::unique_ptr<Hotplug>> Hotplug::create(DeviceEnvironment& environment,
                                                 MachineEvents& events) {
    std::unique_ptr<Hotplug> self(new Hotplug(environment, events, SISKIN_TRY(EventFd::create())));
    self->watch_ = SISKIN_TRY(environment.loop.watch_readable(self->drained_->wake.get(),
                                                              [&it = *self] { it.process(); }));
    return self;
}

Hotplug::Hotplug(DeviceEnvironment& environment, MachineEvents& events, EventFd wake)
    : environment_(environment),
      events_(events),
      drained_(std::make_shared<Drained>(std::move(wake))) {
    environment_.pci.topology().set_hotplug_observer(this);
}

Hotplug::~Hotplug() {
    environment_.pci.topology().set_hotplug_observer(nullptr);
}

Result<> Hotplug::add(const Value::Dict& arguments, const std::vector<OptionUse>& globals) {
    const PlannedDevice planned = SISKIN_TRY(plan_device(arguments, globals));
    if (planned.row->type->bus != "PCI") {
        return fail("Bus 'isa.0' does not support hotplugging");
    }
    const MutexLock hold(environment_.lock);
    const std::size_t threads = environment_.io_threads.entries().size();
    auto built = build_device(environment_, planned);
    if (!built && environment_.io_threads.entries().size() != threads) {
        // The thread that devices share was made for this one.
        static_cast<void>(environment_.io_threads.remove(""));
    }
    return built;
}

Result<> Hotplug::remove(std::string_view id_or_path) {
    const MutexLock hold(environment_.lock);
    const DeviceTree::Entry* const entry = environment_.devices.find(id_or_path);
    if (entry == nullptr) {
        return fail(ErrorClass::DeviceNotFound,
                    concat("Device '", printable(id_or_path), "' not found"));
    }
    if (is_leaving(entry->path) || is_asked(entry->path)) {
        return fail(concat("Device ", id_or_path, " is already in the process of unplug"));
    }
    auto* const function = dynamic_cast<PciFunction*>(entry->device.get());
    if (function == nullptr) {
        return fail("Bus 'isa.0' does not support hotplugging");
    }
    PciBus& bus = function->bus();
    if (!bus.is_hot_pluggable()) {
        return fail(concat("Bus '", bus.name(), "' does not support hotplugging"));
    }
    std::erase_if(asked_, [&](const Asked& asked) { return asked.path == entry->path; });
    asked_.push_back(Asked{entry->path, std::chrono::steady_clock::now()});
    const unsigned slot = bus.slot_of(function->devfn());
    if (bus.function(DevFn::of(slot, 0)) == nullptr) {
        // Without function 0 the guest was never told of it.
        leave(*function);
        drained_->wake.signal();
    } else {
        bus.request_eject(slot);
    }
    return {};
}

void Hotplug::release_asked() {
    const MutexLock hold(environment_.lock);
    for (const Asked& asked : std::exchange(asked_, {})) {
        const DeviceTree::Entry* const entry = environment_.devices.find(asked.path);
        auto* const function =
            entry == nullptr ? nullptr : dynamic_cast<PciFunction*>(entry->device.get());
        if (function != nullptr && function->plugged()) {
            leave_all(function->bus(), function->bus().slot_of(function->devfn()));
        }
    }
    drained_->wake.signal();
}

void Hotplug::ask_again() {
    const MutexLock hold(environment_.lock);
    for (const Asked& asked : asked_) {
        const DeviceTree::Entry* const entry = environment_.devices.find(asked.path);
        const auto* const function =
            entry == nullptr ? nullptr : dynamic_cast<const PciFunction*>(entry->device.get());
        if (function != nullptr && function->plugged()) {
            function->bus().request_eject(function->bus().slot_of(function->devfn()));
        }
    }
}

// The guest may look again at once: what it let go of is gone by then.
void Hotplug::on_ejected(PciBus& bus, unsigned device) {
    leave_all(bus, device);
    drained_->wake.signal();
}

void Hotplug::on_eject_refused(PciBus& bus, unsigned device) {
    for (const auto& [devfn, function] : bus.functions()) {
        const DeviceTree::Entry* const entry =
            bus.slot_of(devfn) == device ? entry_of(*function) : nullptr;
        const bool was_asked = entry != nullptr && std::erase_if(asked_, [&](const Asked& asked) {
                                                       return asked.path == entry->path;
                                                   }) != 0;
        if (was_asked) {
            refused_.emplace_back(entry->device->id(), entry->path);
        }
    }
    drained_->wake.signal();
}

bool Hotplug::is_asked(std::string_view path) const {
    const auto limit = std::chrono::steady_clock::now() - kAskAgain;
    return std::any_of(asked_.begin(), asked_.end(), [&](const Asked& asked) {
        return asked.path == path && asked.since > limit;
    });
}

bool Hotplug::is_leaving(std::string_view path) const {
    return std::any_of(leaving_.begin(), leaving_.end(),
                       [&](const Leaving& leaving) { return leaving.path == path; });
}

const DeviceTree::Entry* Hotplug::entry_of(const PciFunction& function) const {
    for (const DeviceTree::Entry& entry : environment_.devices.entries()) {
        if (dynamic_cast<const PciFunction*>(entry.device.get()) == &function) {
            return &entry;
        }
    }
    return nullptr;
}

// What is behind it goes first. The depth is that of the tree, bounded by the bus numbers.
void Hotplug::leave(PciFunction& function) {
    if (const PciBridge* const bridge = function.as_bridge()) {
        const PciBus::Functions behind = bridge->secondary().functions();
        for (const auto& [devfn, child] : behind) {
            leave(*child);
        }
    }
    const DeviceTree::Entry* const entry = entry_of(function);
    SISKIN_ASSERT(entry != nullptr);  // the board's own functions are on the root bus
    std::erase_if(asked_, [&](const Asked& asked) { return asked.path == entry->path; });
    const auto done = std::make_shared<std::atomic<bool>>(false);
    leaving_.push_back(Leaving{entry->path, done});
    function.unplug();
    entry->device->reset([done, drained = drained_] {
        done->store(true);
        drained->wake.signal();
    });
}

void Hotplug::leave_all(const PciBus& bus, unsigned device) {
    const PciBus::Functions there = bus.functions();
    for (const auto& [devfn, function] : there) {
        if (bus.slot_of(devfn) == device) {
            leave(*function);
        }
    }
}

void Hotplug::process() {
    static_cast<void>(drained_->wake.take());
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
    }
    for (const std::string& part : parts) {
        events_.on_device_deleted("", part);
    }
    events_.on_device_deleted(id, path);
    return true;
}

}  // namespace siskin
