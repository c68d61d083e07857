// SPDX-License-Identifier: Apache-2.0
// MachineConfig: everything the command line says, parsed and checked, before anything is made.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/units.h"
#include "base/value.h"
#include "devices/block/block_on_error.h"
#include "devices/chardev/chardev_config.h"
#include "qmp/framer.h"
#include "vmm/kvm/cpu_topology.h"
#include "vmm/kvm/cpuid.h"
#include "vmm/machine/address_plan.h"
#include "vmm/machine/numa.h"
#include "vmm/machine/numa_options.h"

namespace siskin {

// One use of an option, kept for later errors: `text` is "-device virtio-blk-pci,drive=d".
struct OptionUse {
    std::string text;
    Value::Dict members;
    bool json = false;  // it was written as JSON
};

// One -chardev, parsed.
struct ChardevUse {
    ChardevConfig config;
    std::string text;
};

// -machine. The table of its keys is in option_tables.cc, as for the structs below.
struct MachineOptions {
    std::string type = "q35";
    std::string accel = "kvm";
    std::string kernel_irqchip = "on";
    std::string memory_backend;
    bool usb = false;
    bool dump_guest_core = true;
    bool mem_merge = true;
    bool graphics = true;
};

struct NameOptions {
    std::string guest;
    std::string process;
    bool debug_threads = false;
};

struct MonitorOptions {
    std::string chardev;
    std::string mode = "readline";
    std::string id;
    bool pretty = false;
    std::optional<std::uint32_t> clients;
    std::string role = "operate";
    ByteCount message_max{qmp::kMessageSizeMax};
};

// One -qmp or -qmp-pretty.
struct QmpUse {
    std::string device;  // a chardev in short form
    std::string text;
    bool pretty = false;
    bool readline = false;  // -monitor
};

// -add-fd
struct AddFdOptions {
    std::optional<std::uint32_t> fd;
    std::optional<std::uint32_t> set;
    std::optional<std::string> opaque;
};

// -drive
struct DriveOptions {
    std::string file;
    std::string id;
    std::string interface = "virtio";
    std::string format;
    std::string aio = "io_uring";
    std::string cache = "writeback";
    std::optional<bool> cache_direct;
    std::optional<bool> cache_no_flush;
    std::optional<bool> cache_writeback;
    std::string discard = "ignore";
    std::string detect_zeroes = "off";
    std::string locking = "auto";
    std::string media = "disk";
    std::string node_name;
    bool readonly = false;
    bool auto_read_only = false;
    BlockOnError werror = BlockOnError::Auto;
    BlockOnError rerror = BlockOnError::Auto;
    std::string throttle_group;
};

struct MachineConfig {
    MachineOptions machine;
    NameOptions name;
    std::optional<std::array<std::uint8_t, 16>> uuid;
    CpuOptions cpu;
    CpuTopology topology;
    // -m, -mem-path, -mem-prealloc. A machine's own config has the size that its back ends have.
    ByteCount ram{128 * kMiB};
    bool ram_is_given = false;
    std::optional<ByteCount> ram_max;
    std::uint32_t ram_slots = 0;
    std::string mem_path;
    bool mem_prealloc = false;
    // -numa, and, in a machine's own config, what came of it.
    NumaOptions numa_options;
    NumaTopology numa;

    std::string kernel;
    std::string initrd;
    std::string append;

    std::vector<OptionUse> objects;
    std::vector<ChardevUse> chardevs;
    std::vector<OptionUse> blockdevs;
    std::vector<OptionUse> drives;
    std::vector<OptionUse> devices;
    std::vector<OptionUse> globals;
    std::vector<OptionUse> monitors;  // -mon
    std::vector<QmpUse> qmp;
    std::vector<OptionUse> passed_files;  // -add-fd
    std::vector<std::string> serials;     // -serial, each a chardev in short form
    std::vector<std::string> debugcons;   // -debugcon, likewise

    bool start_paused = false;  // -S
    bool no_reboot = false;
    bool no_shutdown = false;
    bool no_defaults = false;
    bool no_graphic = false;
    bool daemonize = false;
    bool timestamps = false;
    std::vector<log::Topic> log_topics;  // -d
    std::string pid_file;
    std::string log_file;

    // Bytes of addresses for memory that is plugged in.
    [[nodiscard]] std::uint64_t device_memory() const {
        return device_memory_size(ram.value(), ram_max.value_or(ram).value(), ram_slots);
    }
    [[nodiscard]] std::uint64_t bars_above_4g() const {
        return mmio64_base(ram.value(), device_memory());
    }
};

}  // namespace siskin
