// SPDX-License-Identifier: Apache-2.0
// The QMP commands that plug and unplug devices.
#include "vmm/machine/commands_device.h"

#include "base/text.h"
#include "vmm/machine/qom_tree.h"

namespace siskin {

Result<> DeviceHandlers::device_add(const qmp::DeviceAddArguments& arguments) {
    Value::Dict all = arguments.further;
    all.set("driver", arguments.driver);
    if (arguments.bus) {
        all.set("bus", *arguments.bus);
    }
    if (arguments.id) {
        all.set("id", *arguments.id);
    }
    return machine_.add_device(all);
}

Result<> DeviceHandlers::device_del(const qmp::DeviceDelArguments& arguments) {
    auto removed = machine_.remove_device(arguments.id);
    if (!removed && removed.error().error_class == ErrorClass::DeviceNotFound &&
        arguments.id.starts_with('/')) {
        const MutexLock hold(machine_.lock());
        if (QomTree(machine_).find(arguments.id)) {
            return fail(concat(arguments.id, " is not a hotpluggable device"));
        }
    }
    return removed;
}

}  // namespace siskin
