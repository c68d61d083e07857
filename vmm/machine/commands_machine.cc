// SPDX-License-Identifier: Apache-2.0
// The QMP commands that ask about names, CPUs, disks and character devices.
#include "vmm/machine/commands_machine.h"

#include <array>
#include <cerrno>
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
std::optional<qmp::BlockDeviceIoStatus> io_status_of(const BlockDevice& disk) {
    if (!may_stop(disk.options().on_read_error, disk.options().on_write_error)) {
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

// The disks of devices and, as QEMU has it, drives that no device uses; drives come first.
Result<std::vector<qmp::BlockInfo>> BlockHandlers::query_block() {
    const MutexLock hold(machine_.lock());
    std::vector<qmp::BlockInfo> disks;
    for (const BlockGraph::Entry& entry : machine_.blocks().entries()) {
        const DeviceTree::Entry* const user = user_of(machine_.devices(), entry);
        if (user == nullptr && entry.drive_id.empty()) {
            continue;
        }
        qmp::BlockInfo info;
        info.device = entry.drive_id;
        info.type = "unknown";
        info.inserted = block_device_info(entry);
        info.removable = user == nullptr;
        if (user != nullptr) {
            info.qdev = concat(user->path, "/virtio-backend");
            if (const BlockDevice* const disk = disk_of(*user)) {
                info.io_status = io_status_of(*disk);
                if (disk->throttle_group() != nullptr) {
                    tell_limits(*disk->throttle_group(), *info.inserted);
                }
            }
        }
        disks.push_back(std::move(info));
    }
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
