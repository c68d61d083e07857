// SPDX-License-Identifier: Apache-2.0
// The QMP commands about removable media. Who waits for the guest is told by an event.
#include "vmm/machine/commands_media.h"

#include <utility>

#include "base/text.h"
#include "vmm/machine/block_options.h"
#include "vmm/machine/block_users.h"

namespace siskin {
namespace {

const DeviceTree::Entry* find_by_drive(Machine& machine, const std::string& drive_id) {
    for (const BlockGraph::Entry& node : machine.blocks().entries()) {
        if (!drive_id.empty() && node.drive_id == drive_id) {
            if (const DeviceTree::Entry* const user = user_of(machine.devices(), node)) {
                return user;
            }
        }
    }
    for (const DeviceTree::Entry& device : machine.devices().entries()) {
        if (!drive_id.empty() && drive_id_of_unit(machine.blocks(), device) == drive_id) {
            return &device;
        }
    }
    return nullptr;
}

Error not_found(std::string_view name) {
    return Error{ErrorClass::DeviceNotFound, concat("Device '", printable(name), "' not found")};
}

}  // namespace

Result<MediaHandlers::Drive> MediaHandlers::find(const std::optional<std::string>& device,
                                                 const std::optional<std::string>& id) {
    if (device.has_value() == id.has_value()) {
        return fail("Need exactly one of 'device' and 'id'");
    }
    const MutexLock hold(machine_.lock());
    const DeviceTree::Entry* const entry =
        id ? find_disk_device(machine_.devices(), *id) : find_by_drive(machine_, *device);
    const std::string& name = id ? *id : *device;
    DiskControl* const disk = entry == nullptr ? nullptr : disk_of(*entry);
    if (disk == nullptr) {
        return fail(not_found(name));
    }
    if (disk->removable() == nullptr) {
        return fail(concat("Device '", printable(name), "' is not removable"));
    }
    return Drive{name, disk, disk->removable()};
}

Result<> MediaHandlers::open(const Drive& drive, bool force) {
    if (drive.tray->is_tray_open()) {
        return {};
    }
    const bool is_locked = drive.tray->is_locked();
    if (is_locked) {
        drive.tray->request_eject(force);
    }
    if (is_locked && !force) {
        return fail(concat("Device '", printable(drive.name),
                           "' is locked and force was not specified, wait for tray to open and "
                           "try again"));
    }
    drive.tray->move_tray(true);
    machine_.tell_tray_moves();
    return {};
}

void MediaHandlers::close_tray(const Drive& drive) {
    drive.tray->move_tray(false);
    machine_.tell_tray_moves();
}

Result<> MediaHandlers::take_out(const Drive& drive) {
    if (!drive.tray->is_tray_open()) {
        return fail(concat("Tray of device '", printable(drive.name), "' is not open"));
    }
    drive.tray->remove_medium();
    return {};
}

Result<> MediaHandlers::remove(const Drive& drive) {
    SISKIN_TRY(take_out(drive));
    machine_.blocks().remove_unused_media();
    return {};
}

Result<> MediaHandlers::eject(const qmp::EjectArguments& arguments) {
    const Drive drive = SISKIN_TRY(find(arguments.device, arguments.id));
    SISKIN_TRY(open(drive, arguments.force.value_or(false)));
    return remove(drive);
}

Result<> MediaHandlers::blockdev_open_tray(const qmp::BlockdevOpenTrayArguments& arguments) {
    const Drive drive = SISKIN_TRY(find(arguments.device, arguments.id));
    // That the guest was asked is no error.
    [[maybe_unused]] const auto opened = open(drive, arguments.force.value_or(false));
    return {};
}

Result<> MediaHandlers::blockdev_close_tray(const qmp::BlockdevCloseTrayArguments& arguments) {
    close_tray(SISKIN_TRY(find(arguments.device, arguments.id)));
    return {};
}

Result<> MediaHandlers::blockdev_remove_medium(
    const qmp::BlockdevRemoveMediumArguments& arguments) {
    return remove(SISKIN_TRY(find(std::nullopt, arguments.id)));
}

Result<> MediaHandlers::blockdev_insert_medium(
    const qmp::BlockdevInsertMediumArguments& arguments) {
    const BlockGraph::Entry* const node = machine_.blocks().find(arguments.node_name);
    if (node == nullptr || node->node->name() != arguments.node_name) {
        return fail(concat("Node '", printable(arguments.node_name), "' not found"));
    }
    if (node->node->is_claimed()) {
        return fail(concat("Node '", arguments.node_name, "' is already in use"));
    }
    const Drive drive = SISKIN_TRY(find(std::nullopt, arguments.id));
    if (!drive.tray->is_tray_open()) {
        return fail("Tray of the device is not open");
    }
    if (drive.disk->medium_node() != nullptr) {
        return fail("There already is a medium in the device");
    }
    return drive.tray->insert_medium(*node->node);
}

Result<> MediaHandlers::blockdev_change_medium(
    const qmp::BlockdevChangeMediumArguments& arguments) {
    using Mode = qmp::BlockdevChangeReadOnlyMode;
    const Drive drive = SISKIN_TRY(find(arguments.device, arguments.id));
    if (arguments.format.value_or("") != "raw") {
        return fail(concat("Parameter 'format' is ",
                           arguments.format ? concat("'", printable(*arguments.format), "'")
                                            : std::string("missing"),
                           ", allowed is raw: siskin never guesses what an image is"));
    }
    const BlockNode* const former = drive.disk->medium_node();
    const Mode mode = arguments.read_only_mode.value_or(Mode::Retain);
    const bool read_only = mode == Mode::ReadOnly ||
                           (mode == Mode::Retain && (former == nullptr || former->read_only()));
    const qmp::BlockdevOptions options = SISKIN_TRY(read_node_options(
        Value::Dict{{"driver", "raw"},
                    {"read-only", read_only},
                    {"file", Value::Dict{{"driver", "file"}, {"filename", arguments.filename}}}},
        OptionForm::Json));
    BlockNode* const node = SISKIN_TRY(machine_.blocks().add_medium(options));
    Result<> changed = open(drive, arguments.force.value_or(false));
    // Nobody uses the new one yet, so what is unused goes when it is in.
    if (changed) {
        changed = take_out(drive);
    }
    if (changed) {
        changed = drive.tray->insert_medium(*node);
    }
    machine_.blocks().remove_unused_media();
    SISKIN_TRY(std::move(changed));
    close_tray(drive);
    return {};
}

}  // namespace siskin
