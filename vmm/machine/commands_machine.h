// SPDX-License-Identifier: Apache-2.0
// The QMP commands that ask about the machine: names, CPUs, disks, PCI, character devices.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "devices/chardev/ring.h"
#include "pci/describe.h"
#include "qmp/descriptors.h"
#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/monitors.h"

namespace siskin {

// Of a class code 0xbbssii, as the PCI Code and ID Assignment calls it; empty for an unknown one.
[[nodiscard]] std::string_view pci_class_name(std::uint32_t class_code);

// As query-pci tells it.
[[nodiscard]] qmp::PciDeviceInfo pci_device_info(const PciFunctionInfo& function);

// Of a virtual CPU in the object tree.
[[nodiscard]] std::string vcpu_qom_path(VcpuId vcpu);

// Thread: VM loop.
class MachineHandlers final : public qmp::MachineCommands {
public:
    explicit MachineHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<qmp::NameInfo> query_name() override;
    [[nodiscard]] Result<qmp::UuidInfo> query_uuid() override;
    [[nodiscard]] Result<qmp::TargetInfo> query_target() override;
    [[nodiscard]] Result<qmp::KvmInfo> query_kvm() override;
    [[nodiscard]] Result<std::vector<qmp::CpuInfoFast>> query_cpus_fast() override;
    [[nodiscard]] Result<std::vector<qmp::HotpluggableCPU>> query_hotpluggable_cpus() override;
    [[nodiscard]] Result<std::vector<qmp::MachineInfo>> query_machines() override;
    [[nodiscard]] Result<qmp::CurrentMachineParams> query_current_machine() override;
    [[nodiscard]] Result<qmp::MemoryInfo> query_memory_size_summary() override;
    // Always empty: there are no such devices.
    [[nodiscard]] Result<std::vector<qmp::MemoryDeviceInfo>> query_memory_devices() override;
    [[nodiscard]] Result<std::vector<qmp::MouseInfo>> query_mice() override;
    [[nodiscard]] Result<std::vector<qmp::CpuDefinitionInfo>> query_cpu_definitions() override;
    [[nodiscard]] Result<qmp::CpuModelExpansionInfo> query_cpu_model_expansion(
        const qmp::QueryCpuModelExpansionArguments& arguments) override;
    [[nodiscard]] Result<> inject_nmi() override;
    [[nodiscard]] Result<> screendump(const qmp::ScreendumpArguments& arguments) override;

private:
    Machine& machine_;
};

class BlockHandlers final : public qmp::BlockCommands {
public:
    explicit BlockHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<std::vector<qmp::BlockInfo>> query_block() override;
    // Always empty: no command begins a job.
    [[nodiscard]] Result<std::vector<qmp::JobInfo>> query_jobs() override;
    [[nodiscard]] Result<std::vector<qmp::BlockJobInfo>> query_block_jobs() override;

private:
    Machine& machine_;
};

class PciHandlers final : public qmp::PciCommands {
public:
    explicit PciHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<std::vector<qmp::PciInfo>> query_pci() override;

private:
    Machine& machine_;
};

class ChardevHandlers final : public qmp::ChardevCommands {
public:
    // `descriptors` has the sockets that clients passed.
    ChardevHandlers(Machine& machine, const std::vector<MonitorEndpoint>& monitors,
                    qmp::Descriptors& descriptors)
        : machine_(machine), monitors_(monitors), descriptors_(descriptors) {}

    [[nodiscard]] Result<std::vector<qmp::ChardevInfo>> query_chardev() override;
    [[nodiscard]] Result<std::vector<qmp::ChardevBackendInfo>> query_chardev_backends() override;
    [[nodiscard]] Result<qmp::ChardevReturn> chardev_add(
        const qmp::ChardevAddArguments& arguments) override;
    [[nodiscard]] Result<qmp::ChardevReturn> chardev_change(
        const qmp::ChardevChangeArguments& arguments) override;
    // The same two from the options of -chardev, for the human monitor; `fd` is a name that getfd
    // gave.
    [[nodiscard]] Result<qmp::ChardevReturn> add(Value::Dict options);
    [[nodiscard]] Result<qmp::ChardevReturn> change(const std::string& id, Value::Dict options);
    [[nodiscard]] Result<> chardev_remove(const qmp::ChardevRemoveArguments& arguments) override;
    [[nodiscard]] Result<> ringbuf_write(const qmp::RingbufWriteArguments& arguments) override;
    [[nodiscard]] Result<std::string> ringbuf_read(
        const qmp::RingbufReadArguments& arguments) override;

    // Of one ringbuf-read: a reply is made and sent whole, while others wait.
    static constexpr std::size_t kRingReadMax = std::size_t{1} << 20U;  // bytes

private:
    [[nodiscard]] bool is_monitor(const std::string& id) const;
    [[nodiscard]] Result<> check_is_free(const std::string& id) const;
    [[nodiscard]] Result<> check_is_replaceable(const std::string& id) const;
    // A socket's descriptor is the config's from here on.
    [[nodiscard]] Result<ChardevConfig> config_of(const std::string& id,
                                                  const qmp::ChardevBackend& backend);
    [[nodiscard]] Result<ChardevConfig> config_of(Value::Dict options);
    [[nodiscard]] Result<qmp::ChardevReturn> make(const ChardevConfig& config);
    [[nodiscard]] Result<qmp::ChardevReturn> replace(const ChardevConfig& config);
    [[nodiscard]] Result<RingChardev*> find_ring(const std::string& device);

    Machine& machine_;
    const std::vector<MonitorEndpoint>& monitors_;
    qmp::Descriptors& descriptors_;
};

}  // namespace siskin
