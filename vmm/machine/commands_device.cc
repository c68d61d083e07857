// SPDX-License-Identifier: Apache-2.0
// The QMP commands that plug and unplug devices.
#include "vmm/machine/commands_device.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "vmm/machine/device_planner.h"
#include "vmm/machine/qom_tree.h"

namespace siskin {

namespace {

constexpr std::size_t kPlannedMax = 256;

HotplugStep step_of(qmp::PlugWait wait) {
    switch (wait) {
        case qmp::PlugWait::Slot: return HotplugStep::Slot;
        case qmp::PlugWait::Enumerated: return HotplugStep::Enumerated;
        case qmp::PlugWait::DriverOk: break;
    }
    return HotplugStep::DriverOk;
}

// Nothing where nobody wants to wait.
Result<std::optional<HotplugWait>> read_wait(std::optional<HotplugStep> step,
                                             std::optional<std::int64_t> timeout_ms,
                                             const qmp::Later& later) {
    const std::int64_t limit_ms = timeout_ms.value_or(DeviceHandlers::kWaitDefault.count());
    if (limit_ms < 1 || limit_ms > DeviceHandlers::kWaitMax.count()) {
        return fail(concat("Parameter 'x-siskin-timeout' is ", limit_ms, ", allowed is 1 to ",
                           DeviceHandlers::kWaitMax.count(), " ms"));
    }
    if (!step) {
        return timeout_ms ? Result<std::optional<HotplugWait>>(
                                fail("Parameter 'x-siskin-timeout' needs 'x-siskin-wait'"))
                          : std::optional<HotplugWait>();
    }
    return std::optional(HotplugWait{*step, std::chrono::milliseconds{limit_ms},
                                     [later](const Result<>& told) { later.finish(told); },
                                     [later] { return later.is_wanted(); }});
}

}  // namespace

void DeviceHandlers::device_add(const qmp::DeviceAddArguments& arguments, qmp::Later later) {
    std::optional<HotplugStep> step;
    if (arguments.x_siskin_wait) {
        step = step_of(*arguments.x_siskin_wait);
    }
    auto wait = read_wait(step, arguments.x_siskin_timeout, later);
    if (!wait) {
        later.finish(fail(wait.error()));
        return;
    }
    const bool is_waiting = wait->has_value();
    Value::Dict all = arguments.further;
    all.set("driver", arguments.driver);
    if (arguments.bus) {
        all.set("bus", *arguments.bus);
    }
    if (arguments.id) {
        all.set("id", *arguments.id);
    }
    machine_.add_device_later(all, std::move(*wait), [later, is_waiting](const Result<>& added) {
        if (!added || !is_waiting) {
            later.finish(added);
        }
    });
}

void DeviceHandlers::device_del(const qmp::DeviceDelArguments& arguments, qmp::Later later) {
    std::optional<HotplugStep> step;
    if (arguments.x_siskin_wait) {
        step = HotplugStep::Released;
    }
    auto wait = read_wait(step, arguments.x_siskin_timeout, later);
    if (!wait) {
        later.finish(fail(wait.error()));
        return;
    }
    const bool is_waiting = wait->has_value();
    auto removed = machine_.remove_device(arguments.id, std::move(*wait));
    if (!removed && removed.error().error_class == ErrorClass::DeviceNotFound &&
        arguments.id.starts_with('/')) {
        const MutexLock hold(machine_.lock());
        if (QomTree(qom_parts(machine_)).find(arguments.id)) {
            removed = fail(concat(arguments.id, " is not a hotpluggable device"));
        }
    }
    if (!removed || !is_waiting) {
        later.finish(removed);
    }
}

Result<qmp::MachinePlan> DeviceHandlers::x_siskin_plan(const qmp::XSiskinPlanArguments& arguments) {
    const std::size_t count = arguments.devices.size();
    if (count == 0 || count > kPlannedMax) {
        return fail(
            concat("Parameter 'devices' has ", count, " members, allowed is 1 to ", kPlannedMax));
    }
    PlanOptions options;
    options.hot_plug = arguments.hot_plug.value_or(true);
    options.covers_new_buses = machine_.run_state() == RunState::Prelaunch;
    options.apertures = machine_.board().apertures();
    options.interrupt_line = BoardQ35::interrupt_line;
    DevicePlanner planner(machine_.environment(), std::move(options));
    return planner.plan(arguments.devices, machine_.config().globals);
}

}  // namespace siskin
