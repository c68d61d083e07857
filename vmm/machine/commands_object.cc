// SPDX-License-Identifier: Apache-2.0
// Objects made and removed over QMP: I/O threads.
#include "base/object/device_tree.h"
#include "base/text.h"
#include "vmm/machine/commands_qom.h"

namespace siskin {
namespace {

bool uses_io_thread(const Device& device, const std::string& id) {
    const BoundProperty property =
        find_property(device.type().properties, device.config(), "iothread");
    return property.row != nullptr && property.get() == Value(id);
}

}  // namespace

// The list of I/O threads is the VM loop's; starting and joining one needs no lock.
Result<> ObjectHandlers::object_add(const qmp::ObjectOptions& arguments) {
    if (!is_identifier(arguments.id)) {
        return fail("Parameter 'id' expects an identifier");
    }
    for (const IoThreads::Entry& entry : machine_.io_threads().entries()) {
        if (entry.id == arguments.id) {
            return fail(concat("attempt to add duplicate property '", arguments.id,
                               "' to object (type 'container')"));
        }
    }
    return machine_.io_threads().add(arguments.id);
}

Result<> ObjectHandlers::object_del(const qmp::ObjectDelArguments& arguments) {
    {
        const MutexLock hold(machine_.lock());
        for (const DeviceTree::Entry& entry : machine_.devices().entries()) {
            if (!arguments.id.empty() && uses_io_thread(*entry.device, arguments.id)) {
                return fail(concat("object '", arguments.id, "' is in use, can not be deleted"));
            }
        }
    }
    if (!machine_.io_threads().remove(arguments.id)) {
        return fail(concat("object '", printable(arguments.id), "' not found"));
    }
    return {};
}

Result<std::vector<qmp::IOThreadInfo>> ObjectHandlers::query_iothreads() {
    std::vector<qmp::IOThreadInfo> infos;
    for (const IoThreads::Entry& entry : machine_.io_threads().entries()) {
        if (!entry.id.empty()) {
            qmp::IOThreadInfo info;
            info.id = entry.id;
            info.thread_id = entry.thread->thread_id();
            infos.push_back(std::move(info));
        }
    }
    return infos;
}

}  // namespace siskin
