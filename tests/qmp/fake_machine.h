// SPDX-License-Identifier: Apache-2.0
// A machine without a VM behind it: answers every command, raises the events of run control.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "qmp/descriptors.h"
#include "qmp/generated/commands.h"
#include "qmp/generated/events.h"
#include "qmp/protocol_handlers.h"
#include "qmp/subscriptions.h"
#include "tests/qmp/fake_backend.h"
#include "vmm/hmp/human_handlers.h"

namespace siskin::qmp_test {

// Converts to any result: a machine is needed for the answer.
struct NotInThisTest {
    template <typename T>
    operator Result<T>() const {  // NOLINT(google-explicit-constructor): that is its use
        return fail("there is no machine in this test");
    }
};

// The groups that tell of a whole machine.
class NoMachineCommands : public qmp::QomCommands,
                          public qmp::ObjectCommands,
                          public qmp::DeviceCommands,
                          public qmp::BlockdevCommands,
                          public qmp::RemovableMediaCommands,
                          public qmp::OptionsCommands {
public:
    Result<std::vector<qmp::ObjectPropertyInfo>> qom_list(const qmp::QomListArguments&) override {
        return NotInThisTest();
    }
    Result<Value> qom_get(const qmp::QomGetArguments&) override { return NotInThisTest(); }
    Result<> qom_set(const qmp::QomSetArguments&) override { return NotInThisTest(); }
    Result<std::vector<qmp::ObjectTypeInfo>> qom_list_types(
        const qmp::QomListTypesArguments&) override {
        return NotInThisTest();
    }
    Result<std::vector<qmp::ObjectPropertyInfo>> qom_list_properties(
        const qmp::QomListPropertiesArguments&) override {
        return NotInThisTest();
    }
    Result<std::vector<qmp::ObjectPropertyInfo>> device_list_properties(
        const qmp::DeviceListPropertiesArguments&) override {
        return NotInThisTest();
    }
    Result<> object_add(const qmp::ObjectOptions&) override { return NotInThisTest(); }
    Result<> object_del(const qmp::ObjectDelArguments& arguments) override {
        return fail("object '" + arguments.id + "' not found");
    }
    Result<std::vector<qmp::IOThreadInfo>> query_iothreads() override { return NotInThisTest(); }
    // What query-memdev answers.
    Result<std::vector<qmp::Memdev>> query_memdev() override { return memory; }
    // Of the driver "later" the answer is the test's to give.
    void device_add(const qmp::DeviceAddArguments& arguments, qmp::Later later) override {
        if (arguments.driver == "later") {
            lingering.push_back(std::move(later));
        } else {
            later.finish(NotInThisTest());
        }
    }
    void device_del(const qmp::DeviceDelArguments&, qmp::Later later) override {
        later.finish(NotInThisTest());
    }
    Result<> blockdev_add(const qmp::BlockdevOptions&) override { return NotInThisTest(); }
    Result<> blockdev_del(const qmp::BlockdevDelArguments&) override { return NotInThisTest(); }
    Result<> eject(const qmp::EjectArguments&) override { return NotInThisTest(); }
    Result<> blockdev_open_tray(const qmp::BlockdevOpenTrayArguments&) override {
        return NotInThisTest();
    }
    Result<> blockdev_close_tray(const qmp::BlockdevCloseTrayArguments&) override {
        return NotInThisTest();
    }
    Result<> blockdev_remove_medium(const qmp::BlockdevRemoveMediumArguments&) override {
        return NotInThisTest();
    }
    Result<> blockdev_insert_medium(const qmp::BlockdevInsertMediumArguments&) override {
        return NotInThisTest();
    }
    Result<> blockdev_change_medium(const qmp::BlockdevChangeMediumArguments&) override {
        return NotInThisTest();
    }
    Result<std::vector<qmp::BlockDeviceInfo>> query_named_block_nodes(
        const qmp::QueryNamedBlockNodesArguments&) override {
        return NotInThisTest();
    }
    Result<qmp::MachinePlan> x_siskin_plan(const qmp::XSiskinPlanArguments&) override {
        return NotInThisTest();
    }
    Result<std::vector<qmp::CommandLineOptionInfo>> query_command_line_options(
        const qmp::QueryCommandLineOptionsArguments&) override {
        return NotInThisTest();
    }

    std::vector<qmp::Later> lingering;
    std::vector<qmp::Memdev> memory;
    // What query-mice answers.
    std::vector<qmp::MouseInfo> mice;
};

// Begins in prelaunch, as `-S` does. Thread: whoever runs the VM loop.
class FakeMachine final : public qmp::RunControlCommands,
                          public qmp::MachineCommands,
                          public qmp::BlockCommands,
                          public qmp::BlockDeviceCommands,
                          public qmp::PciCommands,
                          public qmp::ChardevCommands,
                          public qmp::StatsCommands,
                          public NoMachineCommands {
public:
    // Where events go; to be set before the first command.
    void raise_into(qmp::EventSink& events) { events_ = &events; }
    // Called at the end of `quit`.
    void on_quit(std::function<void()> ended) { ended_ = std::move(ended); }
    [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }
    [[nodiscard]] qmp::Descriptors& descriptors() { return descriptors_; }
    [[nodiscard]] qmp::Subscriptions& subscriptions() { return subscriptions_; }
    [[nodiscard]] qmp::Handlers handlers() {
        return {protocol_, protocol_, *this,          *this,        *this,  *this, *this,
                *this,     *this,     *this,          descriptors_, human_, *this, *this,
                *this,     *this,     subscriptions_, yank_,        *this};
    }
    [[nodiscard]] FakeBackend& backend() { return backend_; }
    // What query-block and query-pci answer.
    [[nodiscard]] std::vector<qmp::BlockInfo>& disks() { return disks_; }
    [[nodiscard]] std::vector<qmp::PciDeviceInfo>& functions() { return functions_; }
    // What query-blockstats answers.
    [[nodiscard]] std::vector<qmp::BlockStats>& disk_stats() { return disk_stats_; }
    [[nodiscard]] hmp::Services services() {
        return {protocol_, *this, *this, *this, *this,        *this,
                *this,     *this, *this, *this, descriptors_, backend_};
    }

    [[nodiscard]] Result<qmp::StatusInfo> query_status() override;
    [[nodiscard]] Result<> stop() override;
    [[nodiscard]] Result<> cont() override;
    [[nodiscard]] Result<> system_reset() override;
    [[nodiscard]] Result<> system_powerdown() override;
    [[nodiscard]] Result<> quit() override;
    [[nodiscard]] Result<qmp::NameInfo> query_name() override;
    [[nodiscard]] Result<qmp::UuidInfo> query_uuid() override;
    [[nodiscard]] Result<qmp::TargetInfo> query_target() override;
    [[nodiscard]] Result<qmp::KvmInfo> query_kvm() override;
    [[nodiscard]] Result<std::vector<qmp::CpuInfoFast>> query_cpus_fast() override;
    [[nodiscard]] Result<std::vector<qmp::BlockInfo>> query_block() override;
    [[nodiscard]] Result<std::vector<qmp::PciInfo>> query_pci() override;
    [[nodiscard]] Result<std::vector<qmp::ChardevInfo>> query_chardev() override;

    Result<std::vector<qmp::BlockStats>> query_blockstats(
        const qmp::QueryBlockstatsArguments&) override {
        return disk_stats_;
    }
    Result<> block_resize(const qmp::BlockResizeArguments& arguments) override {
        calls_.push_back("resize " + arguments.device.value_or("-") + " " +
                         std::to_string(arguments.size));
        return {};
    }
    Result<> block_set_io_throttle(const qmp::BlockSetIoThrottleArguments& arguments) override {
        calls_.push_back("throttle " + arguments.device.value_or("-") + " " +
                         std::to_string(arguments.bps) + " " + std::to_string(arguments.iops_wr));
        return {};
    }
    Result<> x_blockdev_set_iothread(const qmp::XBlockdevSetIothreadArguments&) override {
        return NotInThisTest();
    }
    Result<> set_action(const qmp::SetActionArguments&) override { return NotInThisTest(); }
    Result<std::vector<qmp::MachineInfo>> query_machines() override { return NotInThisTest(); }
    Result<qmp::CurrentMachineParams> query_current_machine() override { return NotInThisTest(); }
    Result<qmp::MemoryInfo> query_memory_size_summary() override {
        return qmp::MemoryInfo{128U << 20U, 0};
    }
    Result<std::vector<qmp::CpuDefinitionInfo>> query_cpu_definitions() override {
        return NotInThisTest();
    }
    Result<qmp::CpuModelExpansionInfo> query_cpu_model_expansion(
        const qmp::QueryCpuModelExpansionArguments&) override {
        return NotInThisTest();
    }
    Result<> inject_nmi() override {
        calls_.emplace_back("inject-nmi");
        return {};
    }
    Result<> screendump(const qmp::ScreendumpArguments& arguments) override {
        calls_.push_back("screendump " + arguments.filename + " " + arguments.device.value_or("-") +
                         " " + std::to_string(arguments.head.value_or(-1)));
        return fail("There is no console to take a screendump from");
    }
    Result<std::vector<qmp::HotpluggableCPU>> query_hotpluggable_cpus() override {
        qmp::HotpluggableCPU place;
        place.type = "host-x86_64-cpu";
        place.vcpus_count = 1;
        place.props.core_id = 0;
        place.props.die_id = 2;
        place.qom_path = "/machine/unattached/device[0]";
        return std::vector{place};
    }
    Result<std::vector<qmp::MemoryDeviceInfo>> query_memory_devices() override {
        return std::vector<qmp::MemoryDeviceInfo>();
    }
    Result<std::vector<qmp::MouseInfo>> query_mice() override { return mice; }
    Result<std::vector<qmp::JobInfo>> query_jobs() override { return std::vector<qmp::JobInfo>(); }
    Result<std::vector<qmp::BlockJobInfo>> query_block_jobs() override {
        return std::vector<qmp::BlockJobInfo>();
    }
    Result<std::vector<qmp::ChardevBackendInfo>> query_chardev_backends() override {
        return NotInThisTest();
    }
    Result<qmp::ChardevReturn> chardev_add(const qmp::ChardevAddArguments&) override {
        return NotInThisTest();
    }
    Result<qmp::ChardevReturn> chardev_change(const qmp::ChardevChangeArguments&) override {
        return NotInThisTest();
    }
    Result<> chardev_remove(const qmp::ChardevRemoveArguments& arguments) override {
        calls_.push_back("chardev-remove " + arguments.id);
        return {};
    }
    // Some of each kind; of the CPU where that is the target.
    Result<std::vector<qmp::StatsResult>> query_stats(const qmp::StatsFilter& arguments) override;
    Result<std::vector<qmp::StatsSchema>> query_stats_schemas(
        const qmp::QueryStatsSchemasArguments&) override;
    // One ring, "ring", whose content stays when it is read.
    Result<> eject(const qmp::EjectArguments& arguments) override;
    Result<> blockdev_change_medium(const qmp::BlockdevChangeMediumArguments& arguments) override;
    Result<> ringbuf_write(const qmp::RingbufWriteArguments& arguments) override;
    Result<std::string> ringbuf_read(const qmp::RingbufReadArguments& arguments) override;

private:
    [[nodiscard]] static qmp::PciDeviceInfo host_bridge();

    qmp::ProtocolHandlers protocol_{"siskin-test"};
    qmp::Descriptors descriptors_;
    qmp::Subscriptions subscriptions_;
    qmp::YankHandlers yank_;
    qmp::EventSink* events_ = nullptr;
    std::function<void()> ended_;
    std::vector<std::string> calls_;
    std::string ring_;
    qmp::RunState state_ = qmp::RunState::Prelaunch;
    std::vector<qmp::BlockInfo> disks_;
    std::vector<qmp::PciDeviceInfo> functions_{host_bridge()};
    std::vector<qmp::BlockStats> disk_stats_;
    FakeBackend backend_;
    hmp::HumanHandlers human_{services()};
};

}  // namespace siskin::qmp_test
