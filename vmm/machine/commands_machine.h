// SPDX-License-Identifier: Apache-2.0
// The QMP commands that ask about the machine: names, CPUs, disks, PCI, character devices.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/monitors.h"

namespace siskin {

// Of a class code 0xbbssii, as the PCI Code and ID Assignment calls it; empty for an unknown one.
[[nodiscard]] std::string_view pci_class_name(std::uint32_t class_code);

// Thread: VM loop.
class MachineHandlers final : public qmp::MachineCommands {
public:
    explicit MachineHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<qmp::NameInfo> query_name() override;
    [[nodiscard]] Result<qmp::UuidInfo> query_uuid() override;
    [[nodiscard]] Result<qmp::TargetInfo> query_target() override;
    [[nodiscard]] Result<qmp::KvmInfo> query_kvm() override;
    [[nodiscard]] Result<std::vector<qmp::CpuInfoFast>> query_cpus_fast() override;

private:
    Machine& machine_;
};

class BlockHandlers final : public qmp::BlockCommands {
public:
    explicit BlockHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<std::vector<qmp::BlockInfo>> query_block() override;

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
    ChardevHandlers(Machine& machine, const std::vector<MonitorListener>& monitors)
        : machine_(machine), monitors_(monitors) {}

    [[nodiscard]] Result<std::vector<qmp::ChardevInfo>> query_chardev() override;

private:
    Machine& machine_;
    const std::vector<MonitorListener>& monitors_;
};

}  // namespace siskin
