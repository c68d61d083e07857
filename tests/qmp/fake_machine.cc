// SPDX-License-Identifier: Apache-2.0
// The machine that tests of the protocol talk to.
#include "tests/qmp/fake_machine.h"

#include <utility>

namespace siskin::qmp_test {

using qmp::RunState;
using qmp::ShutdownCause;

Result<qmp::StatusInfo> FakeMachine::query_status() {
    calls_.emplace_back("query-status");
    return qmp::StatusInfo{state_ == RunState::Running, false, state_};
}

Result<> FakeMachine::stop() {
    calls_.emplace_back("stop");
    if (state_ == RunState::Running) {
        state_ = RunState::Paused;
        qmp::events::stop(*events_);
    }
    return {};
}

Result<> FakeMachine::cont() {
    calls_.emplace_back("cont");
    if (state_ != RunState::Running) {
        state_ = RunState::Running;
        qmp::events::resume(*events_);
    }
    return {};
}

Result<> FakeMachine::system_reset() {
    calls_.emplace_back("system_reset");
    qmp::events::reset(*events_, false, ShutdownCause::HostQmpSystemReset);
    return {};
}

Result<> FakeMachine::system_powerdown() {
    calls_.emplace_back("system_powerdown");
    qmp::events::powerdown(*events_);
    return {};
}

Result<> FakeMachine::quit() {
    calls_.emplace_back("quit");
    qmp::events::shutdown(*events_, false, ShutdownCause::HostQmpQuit);
    if (ended_) {
        ended_();
    }
    return {};
}

Result<qmp::NameInfo> FakeMachine::query_name() {
    return qmp::NameInfo{};
}
Result<qmp::UuidInfo> FakeMachine::query_uuid() {
    return qmp::UuidInfo{"00000000-0000-0000-0000-000000000000"};
}
Result<qmp::TargetInfo> FakeMachine::query_target() {
    return qmp::TargetInfo{qmp::SysEmuTarget::X86_64};
}
Result<qmp::KvmInfo> FakeMachine::query_kvm() {
    return qmp::KvmInfo{true, true};
}

Result<std::vector<qmp::CpuInfoFast>> FakeMachine::query_cpus_fast() {
    qmp::CpuInfoFast cpu;
    cpu.qom_path = "/machine/unattached/device[0]";
    cpu.thread_id = 1;
    cpu.props.emplace().core_id = 0;
    cpu.props->thread_id = 0;
    cpu.props->socket_id = 0;
    cpu.target = qmp::SysEmuTarget::X86_64;
    return std::vector{cpu};
}

Result<std::vector<qmp::BlockInfo>> FakeMachine::query_block() {
    return disks_;
}

qmp::PciDeviceInfo FakeMachine::host_bridge() {
    qmp::PciDeviceInfo bridge;
    bridge.class_info.class_ = 0x600;
    bridge.class_info.desc = "Host bridge";
    bridge.id.vendor = 0x8086;
    bridge.id.device = 0x29c0;
    return bridge;
}

Result<std::vector<qmp::PciInfo>> FakeMachine::query_pci() {
    return std::vector{qmp::PciInfo{0, functions_}};
}

Result<std::vector<qmp::ChardevInfo>> FakeMachine::query_chardev() {
    return std::vector{qmp::ChardevInfo{"compat_monitor0", "unix:monitor,server=on", true}};
}

// Every drive is there but "nope".
Result<> FakeMachine::eject(const qmp::EjectArguments& arguments) {
    const std::string device = arguments.device.value_or("-");
    calls_.push_back("eject " + device + (arguments.force.value_or(false) ? " by force" : ""));
    return device == "nope" ? fail("Device 'nope' not found") : Result<>();
}

Result<> FakeMachine::blockdev_change_medium(const qmp::BlockdevChangeMediumArguments& arguments) {
    const std::string device = arguments.device.value_or("-");
    std::string call = "change " + device + " " + arguments.filename;
    if (arguments.format) {
        call += " " + *arguments.format;
    }
    if (arguments.read_only_mode) {
        call += " " + std::string(qmp::to_text(*arguments.read_only_mode));
    }
    calls_.push_back(call + (arguments.force.value_or(false) ? " by force" : ""));
    return device == "nope" ? fail("Device 'nope' not found") : Result<>();
}

Result<> FakeMachine::ringbuf_write(const qmp::RingbufWriteArguments& arguments) {
    if (arguments.device != "ring") {
        return fail("Device '" + arguments.device + "' not found");
    }
    ring_ += arguments.data;
    return {};
}

Result<std::string> FakeMachine::ringbuf_read(const qmp::RingbufReadArguments& arguments) {
    if (arguments.device != "ring") {
        return fail("Device '" + arguments.device + "' not found");
    }
    return ring_.substr(0, static_cast<std::size_t>(arguments.size));
}

Result<std::vector<qmp::StatsResult>> FakeMachine::query_stats(const qmp::StatsFilter& arguments) {
    if (arguments.target == qmp::StatsTarget::Vm) {
        return std::vector{
            qmp::StatsResult{qmp::StatsProvider::Kvm, std::nullopt, {{"pages", {.as_scalar = 3}}}}};
    }
    qmp::StatsResult cpu{qmp::StatsProvider::Kvm, "/machine/unattached/device[0]", {}};
    cpu.stats.push_back({"exits", {.as_scalar = 7}});
    cpu.stats.push_back({"blocking", {.as_boolean = true}});
    cpu.stats.push_back({"waits", {.as_list = std::vector<std::uint64_t>{0, 5, 0, 1}}});
    cpu.stats.push_back({"unheard_of", {.as_scalar = 1}});
    return std::vector{std::move(cpu)};
}

Result<std::vector<qmp::StatsSchema>> FakeMachine::query_stats_schemas(
    const qmp::QueryStatsSchemasArguments&) {
    qmp::StatsSchema vm{qmp::StatsProvider::Kvm, qmp::StatsTarget::Vm, {}};
    vm.stats.push_back(
        {"pages", qmp::StatsType::Peak, qmp::StatsUnit::Bytes, std::int8_t{2}, 20, std::nullopt});
    qmp::StatsSchema cpu{qmp::StatsProvider::Kvm, qmp::StatsTarget::Vcpu, {}};
    cpu.stats.push_back({"exits", qmp::StatsType::Cumulative, {}, {}, 0, {}});
    cpu.stats.push_back({"blocking", qmp::StatsType::Instant, qmp::StatsUnit::Boolean, {}, 0, {}});
    cpu.stats.push_back({"waits", qmp::StatsType::LinearHistogram, qmp::StatsUnit::Seconds,
                         std::int8_t{10}, -9, std::uint32_t{100}});
    return std::vector{std::move(vm), std::move(cpu)};
}

}  // namespace siskin::qmp_test
