// SPDX-License-Identifier: Apache-2.0
// The QMP commands that ask about names, CPUs, disks and character devices.
#include "vmm/machine/commands_machine.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "vmm/machine/block_users.h"
#include "vmm/machine/commands_block_device.h"
#include "vmm/machine/commands_blockdev.h"
#include "vmm/machine/qom_types.h"
#include "vmm/machine/ram_plan.h"

namespace siskin {
namespace {

std::string uuid_text(const std::array<std::uint8_t, 16>& uuid) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (std::size_t at = 0; at < uuid.size(); ++at) {
        if (at == 4 || at == 6 || at == 8 || at == 10) {
            text += '-';
        }
        text += kDigits[uuid[at] >> 4U];
        text += kDigits[uuid[at] & 0xfU];
    }
    return text;
}

// Nothing of a disk whose errors never stop the machine, as in QEMU.
std::optional<qmp::BlockDeviceIoStatus> io_status_of(const DiskControl& disk) {
    if (!disk.may_stop_machine()) {
        return std::nullopt;
    }
    const int error = disk.stop_error();
    return error == 0        ? qmp::BlockDeviceIoStatus::Ok
           : error == ENOSPC ? qmp::BlockDeviceIoStatus::Nospace
                             : qmp::BlockDeviceIoStatus::Failed;
}

}  // namespace

Result<qmp::NameInfo> MachineHandlers::query_name() {
    qmp::NameInfo info;
    if (!machine_.config().name.guest.empty()) {
        info.name = machine_.config().name.guest;
    }
    return info;
}

Result<qmp::UuidInfo> MachineHandlers::query_uuid() {
    return qmp::UuidInfo{
        uuid_text(machine_.config().uuid.value_or(std::array<std::uint8_t, 16>{}))};
}

Result<qmp::TargetInfo> MachineHandlers::query_target() {
    return qmp::TargetInfo{qmp::SysEmuTarget::X86_64};
}

Result<qmp::KvmInfo> MachineHandlers::query_kvm() {
    return qmp::KvmInfo{true, true};
}

// Nothing that is done with disks goes on behind a command.
Result<std::vector<qmp::JobInfo>> BlockHandlers::query_jobs() {
    return std::vector<qmp::JobInfo>();
}

Result<std::vector<qmp::BlockJobInfo>> BlockHandlers::query_block_jobs() {
    return std::vector<qmp::BlockJobInfo>();
}

namespace {

qmp::BlockInfo disk_info(const DeviceTree::Entry& device, DiskControl& disk) {
    qmp::BlockInfo info;
    info.type = "unknown";
    info.qdev = disk_name(device);
    info.io_status = io_status_of(disk);
    info.removable = disk.removable() != nullptr;
    if (const RemovableDrive* const drive = disk.removable()) {
        info.locked = drive->is_locked();
        info.tray_open = drive->is_tray_open();
    }
    return info;
}

}  // namespace

// The disks of devices and, as QEMU has it, drives that no device uses; drives come first, and
// empty ones last.
Result<std::vector<qmp::BlockInfo>> BlockHandlers::query_block() {
    const MutexLock hold(machine_.lock());
    std::vector<qmp::BlockInfo> disks;
    std::vector<qmp::BlockInfo> empty;
    std::vector<std::string> of_units;
    for (const DeviceTree::Entry& device : machine_.devices().entries()) {
        const auto drive_id = drive_id_of_unit(machine_.blocks(), device);
        if (!drive_id) {
            continue;
        }
        of_units.push_back(*drive_id);
        if (disk_of(device)->medium_node() == nullptr) {
            empty.push_back(disk_info(device, *disk_of(device)));
            empty.back().device = *drive_id;
        }
    }
    // A drive keeps its name when its medium is another one.
    const auto is_ejected = [&](const std::string& drive_id) {
        return std::find(of_units.begin(), of_units.end(), drive_id) != of_units.end();
    };
    for (const BlockGraph::Entry& entry : machine_.blocks().entries()) {
        const DeviceTree::Entry* const user = user_of(machine_.devices(), entry);
        if (user == nullptr && (entry.drive_id.empty() || is_ejected(entry.drive_id))) {
            continue;
        }
        qmp::BlockInfo info;
        info.type = "unknown";
        info.removable = true;
        if (user != nullptr) {
            info = disk_info(*user, *disk_of(*user));
        }
        info.device = user == nullptr
                          ? entry.drive_id
                          : drive_id_of_unit(machine_.blocks(), *user).value_or(entry.drive_id);
        info.inserted = block_device_info(entry);
        if (user != nullptr && disk_of(*user)->throttle_group() != nullptr) {
            tell_limits(*disk_of(*user)->throttle_group(), *info.inserted);
        }
        disks.push_back(std::move(info));
    }
    std::move(empty.begin(), empty.end(), std::back_inserter(disks));
    return disks;
}

Result<std::vector<qmp::MachineInfo>> MachineHandlers::query_machines() {
    qmp::MachineInfo q35;
    q35.name = "pc-q35-7.2";
    q35.alias = "q35";
    q35.is_default = true;
    q35.cpu_max = kVcpusMax;
    q35.default_cpu_type = std::string(kCpuTypeName);
    q35.default_ram_id = std::string(kDefaultRamId);
    return std::vector{std::move(q35)};
}

Result<qmp::CurrentMachineParams> MachineHandlers::query_current_machine() {
    return qmp::CurrentMachineParams{false};
}

Result<qmp::MemoryInfo> MachineHandlers::query_memory_size_summary() {
    return qmp::MemoryInfo{machine_.config().ram.value(), 0};
}

// All memory is RAM that the machine begins with.
Result<std::vector<qmp::MemoryDeviceInfo>> MachineHandlers::query_memory_devices() {
    return std::vector<qmp::MemoryDeviceInfo>();
}

Result<std::vector<qmp::MouseInfo>> MachineHandlers::query_mice() {
    return std::vector<qmp::MouseInfo>();
}

Result<> MachineHandlers::inject_nmi() {
    return machine_.inject_nmi();
}

Result<> MachineHandlers::screendump(const qmp::ScreendumpArguments&) {
    return fail("There is no console to take a screendump from");
}

}  // namespace siskin
