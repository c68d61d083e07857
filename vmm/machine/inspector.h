// SPDX-License-Identifier: Apache-2.0
// MachineInspector: the human monitor's view into a machine: registers, memory, trees.
#pragma once

#include <string>
#include <vector>

#include "vmm/hmp/backend.h"
#include "vmm/machine/commands_machine.h"
#include "vmm/machine/commands_qom.h"
#include "vmm/machine/machine.h"

namespace siskin {

// Thread: VM loop, without MachineLock. Reading a vCPU parks all for a moment.
class MachineInspector final : public hmp::Backend {
public:
    // The handlers make what is added.
    MachineInspector(Machine& machine, ObjectHandlers& objects, ChardevHandlers& chardevs)
        : machine_(machine), objects_(objects), chardevs_(chardevs) {}

    [[nodiscard]] Result<std::string> add_device(const std::string& options) override;
    [[nodiscard]] Result<> remove_device(const std::string& id) override;
    [[nodiscard]] Result<std::string> add_object(const std::string& options) override;
    [[nodiscard]] Result<std::string> add_chardev(const std::string& options) override;
    [[nodiscard]] Result<std::string> change_chardev(const std::string& id,
                                                     const std::string& options) override;
    [[nodiscard]] Result<hmp::CpuRegisters> registers(std::uint32_t cpu) override;
    [[nodiscard]] std::size_t read_virtual(std::uint32_t cpu, std::uint64_t address,
                                           std::span<std::byte> into) override;
    [[nodiscard]] std::size_t read_physical(std::uint64_t address,
                                            std::span<std::byte> into) override;
    [[nodiscard]] Result<hmp::PciErrorPlace> inject_pci_error(const std::string& id,
                                                              const hmp::PciError& error) override;
    // inspector_trees.cc
    [[nodiscard]] hmp::QtreeBus device_tree() override;
    [[nodiscard]] hmp::QomNode object_tree() override;
    [[nodiscard]] std::vector<hmp::MappedSpace> address_spaces() override;
    [[nodiscard]] std::vector<hmp::IoThreadInfo> io_threads() override;
    [[nodiscard]] std::vector<hmp::NumaNodeInfo> numa_nodes() override;
    [[nodiscard]] hmp::FastPaths fast_paths() override;

private:
    Machine& machine_;
    ObjectHandlers& objects_;
    ChardevHandlers& chardevs_;
};

}  // namespace siskin
