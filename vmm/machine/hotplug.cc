// SPDX-License-Identifier: Apache-2.0
// Devices that come and go.
#include "vmm/machine/hotplug.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "devices/scsi/scsi_disk.h"
#include "pci/bridge.h"
#include "vmm/machine/device_builder.h"

namespace siskin {
namespace {

constexpr std::string_view kScsi = "SCSI";
// The guest answers to no unit that comes.
constexpr const char* kNoUnitSteps = "'x-siskin-wait' is for PCI devices, which a SCSI unit is not";

}  // namespace

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

Result<> Hotplug::add(const Value::Dict& arguments, const std::vector<OptionUse>& globals,
                      std::optional<HotplugWait> wait) {
    const auto since = HotplugProgress::Clock::now();
    PlannedDevice planned = SISKIN_TRY(plan_device(arguments, globals));
    const bool is_unit = planned.row->type->bus == kScsi;
    if (planned.row->type->bus != "PCI" && !is_unit) {
        return fail("Bus 'isa.0' does not support hotplugging");
    }
    if (wait && wait->step == HotplugStep::DriverOk && !planned.row->has_driver_ok) {
        return fail(concat("'", qmp::to_text(wait->step), "' is a step of virtio devices, which '",
                           planned.row->type->name, "' is not"));
    }
    if (wait && is_unit) {
        return fail(kNoUnitSteps);
    }
    SISKIN_TRY(load_option_rom(planned));
    const std::size_t threads = environment_.io_threads.entries().size();
    Result<> plugged;
    {
        const MutexLock hold(environment_.lock);
        plugged = plug(planned, since);
        if (plugged && wait) {
            wait_for(environment_.devices.entries().back().path, HotplugOperation::Plug,
                     std::move(*wait));
        }
    }
    if (!plugged && environment_.io_threads.entries().size() != threads) {
        // The thread that devices share was made for this one. Its end is waited for.
        environment_.io_threads.remove_shared();
    }
    tell_progress();
    return plugged;
}

Result<> Hotplug::plug(const PlannedDevice& planned, HotplugProgress::Clock::time_point since) {
    plug_told_ = false;
    SISKIN_TRY(build_device(environment_, planned));
    const DeviceTree::Entry& entry = environment_.devices.entries().back();
    progress_.begin(HotplugOperation::Plug, entry.device->id(), entry.path, since);
    progress_.note(entry.path, HotplugOperation::Plug, HotplugStep::Requested);
    if (plug_told_) {
        progress_.note(entry.path, HotplugOperation::Plug, HotplugStep::Slot);
    }
    if (auto* const function = dynamic_cast<PciFunction*>(entry.device.get())) {
        function->watch_use();
    }
    return {};
}

Result<> Hotplug::remove(std::string_view id_or_path, std::optional<HotplugWait> wait) {
    {
        const MutexLock hold(environment_.lock);
        const std::string path = SISKIN_TRY(ask(id_or_path));
        if (wait) {
            wait_for(path, HotplugOperation::Unplug, std::move(*wait));
        }
    }
    tell_progress();
    return {};
}

Result<std::string> Hotplug::ask(std::string_view id_or_path) {
    const DeviceTree::Entry* const entry = environment_.devices.find(id_or_path);
    if (entry == nullptr) {
        return fail(ErrorClass::DeviceNotFound,
                    concat("Device '", printable(id_or_path), "' not found"));
    }
    if (is_leaving(entry->path) || is_asked(entry->path)) {
        return fail(concat("Device ", id_or_path, " is already in the process of unplug"));
    }
    if (dynamic_cast<ScsiDisk*>(entry->device.get()) != nullptr) {
        return let_unit_go(*entry);
    }
    auto* const function = dynamic_cast<PciFunction*>(entry->device.get());
    if (function == nullptr) {
        return fail("Bus 'isa.0' does not support hotplugging");
    }
    PciBus& bus = function->bus();
    if (!bus.is_hot_pluggable()) {
        return fail(concat("Bus '", bus.name(), "' does not support hotplugging"));
    }
    const std::string path = entry->path;
    std::erase_if(asked_, [&](const Asked& asked) { return asked.path == path; });
    asked_.push_back(Asked{path, std::chrono::steady_clock::now()});
    progress_.begin(HotplugOperation::Unplug, entry->device->id(), path);
    progress_.note(path, HotplugOperation::Unplug, HotplugStep::Requested);
    const unsigned slot = bus.slot_of(function->devfn());
    if (bus.function(DevFn::of(slot, 0)) == nullptr) {
        // Without function 0 the guest was never told of it.
        leave(*function, Cause::Machine);
        drained_->wake.signal();
    } else {
        bus.request_eject(slot);
    }
    return path;
}

void Hotplug::release_asked() {
    const MutexLock hold(environment_.lock);
    for (const Asked& asked : std::exchange(asked_, {})) {
        const DeviceTree::Entry* const entry = environment_.devices.find(asked.path);
        auto* const function =
            entry == nullptr ? nullptr : dynamic_cast<PciFunction*>(entry->device.get());
        if (function != nullptr && function->plugged()) {
            leave_all(function->bus(), function->bus().slot_of(function->devfn()), Cause::Machine);
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
    leave_all(bus, device, Cause::Guest);
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
            progress_.end(entry->path, concat("The guest does not let go of '", entry->path, "'"));
        }
    }
    drained_->wake.signal();
}

namespace {

constexpr std::pair<HotplugOperation, HotplugStep> step_of(SlotSign sign) {
    switch (sign) {
        case SlotSign::PlugTold: return {HotplugOperation::Plug, HotplugStep::Slot};
        case SlotSign::PlugAnswered: return {HotplugOperation::Plug, HotplugStep::Acknowledged};
        case SlotSign::UnplugTold: return {HotplugOperation::Unplug, HotplugStep::GuestTold};
        case SlotSign::UnplugAnswered: break;
    }
    return {HotplugOperation::Unplug, HotplugStep::Acknowledged};
}

constexpr HotplugStep step_of(FunctionUse use) {
    switch (use) {
        case FunctionUse::Enumerated: return HotplugStep::Enumerated;
        case FunctionUse::Enabled: return HotplugStep::Enabled;
        case FunctionUse::DriverReady: break;
    }
    return HotplugStep::DriverOk;
}

}  // namespace

void Hotplug::on_slot_sign(PciBus& bus, unsigned device, SlotSign sign) {
    // The function that is being plugged is in no tree yet.
    plug_told_ = plug_told_ || sign == SlotSign::PlugTold;
    const auto [operation, step] = step_of(sign);
    for (const auto& [devfn, function] : bus.functions()) {
        const DeviceTree::Entry* const entry =
            bus.slot_of(devfn) == device ? entry_of(*function) : nullptr;
        if (entry != nullptr) {
            progress_.note(entry->path, operation, step);
        }
    }
    drained_->wake.signal();
}

void Hotplug::on_function_use(PciFunction& function, FunctionUse use) {
    if (const DeviceTree::Entry* const entry = entry_of(function)) {
        progress_.note(entry->path, HotplugOperation::Plug, step_of(use));
        drained_->wake.signal();
    }
}

void Hotplug::wait_for(const std::string& path, HotplugOperation operation, HotplugWait wait) {
    static_cast<void>(progress_.wait(environment_.loop, path, operation, std::move(wait),
                                     [this](HotplugProgress::WaitId id) { on_wait_expired(id); }));
}

void Hotplug::on_wait_expired(HotplugProgress::WaitId wait) {
    {
        const MutexLock hold(environment_.lock);
        const auto waiting = progress_.find_wait(wait);
        if (!waiting) {
            return;
        }
        const DeviceTree::Entry* const entry = environment_.devices.find(waiting->path);
        auto* const function =
            entry == nullptr ? nullptr : dynamic_cast<PciFunction*>(entry->device.get());
        const std::string stuck = concat("Device '", waiting->path, "' got no further than '",
                                         progress_.last_step(waiting->path), "' in time");
        if (waiting->operation == HotplugOperation::Unplug) {
            progress_.fail_wait(wait, stuck + "; its removal stays asked for");
        } else if (waiting->is_wanted && function != nullptr && may_take_back(*function)) {
            progress_.fail_wait_when_released(wait, stuck + "; the plug was taken back");
            progress_.begin(HotplugOperation::Unplug, entry->device->id(), entry->path);
            progress_.note(waiting->path, HotplugOperation::Unplug, HotplugStep::Requested);
            leave(*function, Cause::Machine);
        } else {
            progress_.fail_wait(wait, stuck);
        }
    }
    process();
}

// It has not shown by anything that it knows, of none of the functions there, so that for the guest
// it is as if nothing had come.
bool Hotplug::may_take_back(const PciFunction& function) const {
    const PciBridge* const bridge = function.as_bridge();
    if (!function.plugged() || (bridge != nullptr && !bridge->secondary().functions().empty())) {
        return false;
    }
    const PciBus& bus = function.bus();
    const PciBus::Functions& there = bus.functions();
    return std::all_of(there.begin(), there.end(), [&](const auto& other) {
        const DeviceTree::Entry* const entry = entry_of(*other.second);
        return bus.slot_of(other.first) != bus.slot_of(function.devfn()) ||
               (entry != nullptr && progress_.is_untouched(entry->path));
    });
}

void Hotplug::tell_progress() {
    std::vector<HotplugReport> reports;
    std::vector<HotplugProgress::Answer> answers;
    {
        const MutexLock hold(environment_.lock);
        reports = progress_.take_reports();
        answers = progress_.take_answers();
    }
    for (const HotplugReport& report : reports) {
        events_.on_hotplug_step(report);
    }
    for (auto& [done, told] : answers) {
        done(std::move(told));
    }
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

}  // namespace siskin
