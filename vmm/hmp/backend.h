// SPDX-License-Identifier: Apache-2.0
// Backend: what the human monitor shows of a machine and no QMP command tells.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "vmm/hmp/cpu_registers.h"

namespace siskin::hmp {

// The type of a property whose text is shown without quotes.
inline constexpr std::string_view kPlainText = "plain";

// A device and the buses it makes, for `info qtree`.
struct QtreeBus;
struct QtreeDevice {
    std::string type;
    std::string id;
    struct Property {
        std::string name;
        std::string type;  // as in the property's table
        Value value;
    };
    std::vector<Property> properties;
    std::vector<std::string> facts;  // lines behind the properties
    std::vector<QtreeBus> buses;
};
struct QtreeBus {
    std::string name;
    std::string type;
    std::vector<QtreeDevice> devices;
};

// An object and its children, for `info qom-tree`.
struct QomNode {
    std::string name;
    std::string type;
    std::vector<QomNode> children;
};

// An address space with what answers in it, for `info mtree`.
struct MappedRegion {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string kind;  // "ram" or "i/o"
    std::string name;
    std::uint64_t offset = 0;  // of the region's own bytes, at `first`
};
struct MappedSpace {
    std::string name;
    std::string root;
    std::uint64_t last = 0;
    std::vector<MappedRegion> regions;  // sorted, no overlap
};

struct IoThreadInfo {
    std::string id;
    std::int64_t thread_id = 0;
    std::uint64_t poll_max_ns = 0;
    std::uint64_t poll_grow = 0;
    std::uint64_t poll_shrink = 0;
};

struct NumaNodeInfo {
    std::vector<std::uint32_t> cpus;
    std::uint64_t size = 0;  // bytes of RAM
};

// What devices have bound in KVM at the moment, for `info irq`.
struct FastPaths {
    std::uint32_t irqfds = 0;      // vectors that interrupt without a thread of the VMM
    std::uint32_t ioeventfds = 0;  // doorbells that wake without an exit
};

// An error that a PCI Express function reports, for pcie_aer_inject_error.
struct PciError {
    std::uint32_t status = 0;  // one bit of the correctable or uncorrectable status
    bool correctable = false;
    bool advisory = false;
    std::optional<std::array<std::uint32_t, 4>> header = std::nullopt;
    std::optional<std::array<std::uint32_t, 4>> prefix = std::nullopt;
};
// The function that reported it; numbers as the guest programmed them.
struct PciErrorPlace {
    unsigned root_bus = 0;
    unsigned bus = 0;
    unsigned device = 0;
    unsigned function = 0;
};

// Thread: VM loop, without MachineLock: reading a vCPU waits until it is parked.
class Backend {
public:
    virtual ~Backend() = default;

    // device_add's argument, "TYPE,property=value,...": plugs it in, or returns the help that was
    // asked for; and device_del's.
    [[nodiscard]] virtual Result<std::string> add_device(const std::string& options) = 0;
    [[nodiscard]] virtual Result<> remove_device(const std::string& id) = 0;
    // object_add's and chardev-add's arguments in the form of -object and -chardev, and those of
    // chardev-change without the id. What the commands of QMP do is done; returns the help that was
    // asked for, or what there is to say of the new one.
    [[nodiscard]] virtual Result<std::string> add_object(const std::string& options) = 0;
    [[nodiscard]] virtual Result<std::string> add_chardev(const std::string& options) = 0;
    [[nodiscard]] virtual Result<std::string> change_chardev(const std::string& id,
                                                             const std::string& options) = 0;
    // Of a CPU that query-cpus-fast lists.
    [[nodiscard]] virtual Result<CpuRegisters> registers(std::uint32_t cpu) = 0;
    // Copies RAM by the addresses that this CPU uses now, or by guest-physical ones. Returns how
    // many bytes from the first on could be read; devices are never touched.
    [[nodiscard]] virtual std::size_t read_virtual(std::uint32_t cpu, std::uint64_t address,
                                                   std::span<std::byte> into) = 0;
    [[nodiscard]] virtual std::size_t read_physical(std::uint64_t address,
                                                    std::span<std::byte> into) = 0;
    [[nodiscard]] virtual QtreeBus device_tree() = 0;
    [[nodiscard]] virtual QomNode object_tree() = 0;
    [[nodiscard]] virtual std::vector<MappedSpace> address_spaces() = 0;
    [[nodiscard]] virtual std::vector<IoThreadInfo> io_threads() = 0;
    // In the order of their numbers; none without NUMA.
    [[nodiscard]] virtual std::vector<NumaNodeInfo> numa_nodes() = 0;
    [[nodiscard]] virtual FastPaths fast_paths() = 0;
    // Errors, for people: no such device, it is no PCI Express one.
    [[nodiscard]] virtual Result<PciErrorPlace> inject_pci_error(const std::string& id,
                                                                 const PciError& error) = 0;
};

}  // namespace siskin::hmp
