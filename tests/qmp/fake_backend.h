// SPDX-License-Identifier: Apache-2.0
// What the human monitor sees of the machine without a VM: registers, memory and trees of its own.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "vmm/hmp/backend.h"

namespace siskin::qmp_test {

// Memory is `memory`, at 0 for physical and at kVirtualBase for virtual addresses.
class FakeBackend final : public hmp::Backend {
public:
    static constexpr std::uint64_t kVirtualBase = 0x10000;

    [[nodiscard]] Result<std::string> add_device(const std::string& options) override;
    [[nodiscard]] Result<> remove_device(const std::string& id) override;
    // All are in `plugged`, the last one with its id before it.
    [[nodiscard]] Result<std::string> add_object(const std::string& options) override;
    [[nodiscard]] Result<std::string> add_chardev(const std::string& options) override;
    [[nodiscard]] Result<std::string> change_chardev(const std::string& id,
                                                     const std::string& options) override;
    [[nodiscard]] Result<hmp::CpuRegisters> registers(std::uint32_t cpu) override;
    [[nodiscard]] std::size_t read_virtual(std::uint32_t cpu, std::uint64_t address,
                                           std::span<std::byte> into) override;
    [[nodiscard]] std::size_t read_physical(std::uint64_t address,
                                            std::span<std::byte> into) override;
    [[nodiscard]] hmp::QtreeBus device_tree() override { return devices; }
    [[nodiscard]] hmp::QomNode object_tree() override { return objects; }
    [[nodiscard]] std::vector<hmp::MappedSpace> address_spaces() override { return spaces; }
    [[nodiscard]] std::vector<hmp::IoThreadInfo> io_threads() override { return threads; }
    [[nodiscard]] std::vector<hmp::NumaNodeInfo> numa_nodes() override { return nodes; }
    [[nodiscard]] hmp::FastPaths fast_paths() override { return {.irqfds = 3, .ioeventfds = 1}; }

    [[nodiscard]] Result<hmp::PciErrorPlace> inject_pci_error(const std::string& id,
                                                              const hmp::PciError& error) override {
        if (id != "vb") {
            return fail("id or pci device path is invalid or device not found. " + id);
        }
        pci_errors.push_back(error);
        return hmp::PciErrorPlace{0, 0x1f, 2, 1};
    }

    std::vector<hmp::PciError> pci_errors;
    hmp::CpuRegisters cpu;
    std::array<std::byte, 64> memory{};
    hmp::QtreeBus devices{"main-system-bus", "System", {}};
    hmp::QomNode objects{"machine", "q35-machine", {}};
    std::vector<hmp::MappedSpace> spaces;
    std::vector<hmp::IoThreadInfo> threads;
    std::vector<hmp::NumaNodeInfo> nodes;
    unsigned register_reads = 0;
    std::vector<std::string> plugged;  // the options of what was added and not removed
};

}  // namespace siskin::qmp_test
