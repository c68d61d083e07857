// SPDX-License-Identifier: Apache-2.0
// The tables of keys that structured options take.
#include "vmm/machine/option_tables.h"

#include <algorithm>
#include <array>

namespace siskin {
namespace {

constexpr std::array kMachineKeys{
    property<&MachineOptions::type>("type", "Machine type: q35."),
    property<&MachineOptions::accel>("accel", "Accelerators in order of preference: kvm."),
    property<&MachineOptions::kernel_irqchip>("kernel-irqchip",
                                              "Where the interrupt chips are: on, in the kernel."),
    property<&MachineOptions::kernel_irqchip>("kernel_irqchip", "The same as kernel-irqchip."),
    property<&MachineOptions::memory_backend>("memory-backend",
                                              "The memory back end that is the guest's RAM."),
    property<&MachineOptions::mem_merge>("mem-merge", "Whether equal pages of memory may merge."),
    property<&MachineOptions::usb>("usb", "USB controllers; only off."),
    property<&MachineOptions::dump_guest_core>("dump-guest-core",
                                               "Whether a core dump of siskin holds guest RAM."),
    property<&MachineOptions::graphics>("graphics", "Accepted; siskin has no display."),
};

constexpr std::array kAccelKeys{
    property<&AccelOptions::accel>("accel", "The accelerator: kvm."),
};

constexpr std::array kSmpKeys{
    property<&SmpOptions::cpus>("cpus", "vCPUs.", InRange{1, kVcpusMax}),
    property<&SmpOptions::sockets>("sockets", "Sockets.", InRange{1, kVcpusMax}),
    property<&SmpOptions::dies>("dies", "Dies in a socket.", InRange{1, kVcpusMax}),
    property<&SmpOptions::cores>("cores", "Cores in a die.", InRange{1, kVcpusMax}),
    property<&SmpOptions::threads>("threads", "Threads in a core.", InRange{1, kVcpusMax}),
    property<&SmpOptions::maxcpus>("maxcpus", "vCPUs at most; the same number as cpus.",
                                   InRange{1, kVcpusMax}),
};

constexpr std::array kMemoryKeys{
    property<&MemoryOptions::size>("size", "RAM; a bare number is MiB, suffixes k, M, G, T."),
    property<&MemoryOptions::slots>("slots", "How many memory devices may be plugged in.",
                                    InRange{0, kMemorySlotsMax}),
    property<&MemoryOptions::maxmem>("maxmem", "RAM with all that may be plugged in."),
};

constexpr std::array kNameKeys{
    property<&NameOptions::guest>("guest", "The guest's name, for query-name."),
    property<&NameOptions::process>("process", "The name of the process."),
    property<&NameOptions::debug_threads>("debug-threads",
                                          "Accepted; siskin always names its threads."),
};

constexpr std::array kMonitorKeys{
    property<&MonitorOptions::chardev>("chardev", "The character device it speaks on."),
    property<&MonitorOptions::mode>("mode", "readline: for people; control: QMP."),
    property<&MonitorOptions::id>("id", "A name for the monitor."),
    property<&MonitorOptions::pretty>("pretty", "Indented messages."),
    property<&MonitorOptions::clients>("x-siskin-clients", "Clients at a time, where it listens.",
                                       InRange{1, 16}),
    property<&MonitorOptions::role>("x-siskin-role",
                                    "What clients may do: observe, or operate (operate)."),
    property<&MonitorOptions::message_max>("x-siskin-message-max",
                                           "The longest message taken from a client (1M).",
                                           InRange{qmp::kMessageSizeLow, qmp::kMessageSizeHigh}),
};

constexpr std::array kMessageKeys{
    property<&MessageOptions::timestamp>("timestamp", "A time stamp before each line."),
};

constexpr std::array kDriveKeys{
    property<&DriveOptions::file>("file", "The image file or block device."),
    property<&DriveOptions::id>("id", "The name that -device refers to with drive=."),
    property<&DriveOptions::interface>("if", "virtio: makes a virtio-blk-pci; none: does not."),
    property<&DriveOptions::format>("format", "The image's format, always explicit: raw."),
    property<&DriveOptions::aio>("aio", "How the file is read and written: io_uring, threads."),
    property<&DriveOptions::readonly>("readonly", "Whether the guest may only read."),
    property<&DriveOptions::readonly>("read-only", "The same as readonly."),
    property<&DriveOptions::auto_read_only>("auto-read-only", "Read-only where it must be."),
    property<&DriveOptions::cache>("cache", "writeback, none, writethrough, directsync or unsafe."),
    property<&DriveOptions::cache_direct>("cache.direct", "Bypass the host's page cache."),
    property<&DriveOptions::cache_no_flush>("cache.no-flush", "Ignore the guest's flushes."),
    property<&DriveOptions::cache_writeback>("cache.writeback",
                                             "off: writes are durable when they complete."),
    property<&DriveOptions::discard>("discard", "unmap: give room back to the host; ignore."),
    property<&DriveOptions::detect_zeroes>("detect-zeroes",
                                           "What becomes of writes of nothing but zeros."),
    property<&DriveOptions::locking>("file.locking", "auto, on or off: locks against others."),
    property<&DriveOptions::media>("media", "disk, or cdrom, which is read-only."),
    property<&DriveOptions::node_name>("node-name", "A name for the block node."),
    property<&DriveOptions::werror>("werror", "What a failed write does; auto is enospc."),
    property<&DriveOptions::rerror>("rerror", "What a failed read does; auto is report."),
    property<&DriveOptions::throttle_group>(
        "throttling.group",
        "Whose limits throttling.bps-total and its like are; one of the drive's own when not set."),
};

constexpr std::array kAddFdKeys{
    property<&AddFdOptions::fd>("fd", "The number of an open descriptor.", InRange{0, 0x7fffffff}),
    property<&AddFdOptions::set>("set", "The set it goes to.", InRange{0, 0x7fffffff}),
    property<&AddFdOptions::opaque>("opaque", "A text to keep with it."),
};

constexpr std::array kGlobalKeys{
    property<&GlobalOptions::driver>("driver", "The device type."),
    property<&GlobalOptions::property>("property", "Its property."),
    property<&GlobalOptions::value>("value", "The default from now on."),
};

struct Table {
    std::string_view option;
    std::span<const PropertyRow> keys;
};

constexpr std::array kTables{
    Table{"machine", kMachineKeys}, Table{"accel", kAccelKeys}, Table{"smp", kSmpKeys},
    Table{"m", kMemoryKeys},        Table{"name", kNameKeys},   Table{"mon", kMonitorKeys},
    Table{"msg", kMessageKeys},     Table{"drive", kDriveKeys}, Table{"global", kGlobalKeys},
    Table{"add-fd", kAddFdKeys},
};

}  // namespace

std::span<const PropertyRow> option_keys(std::string_view option) {
    const auto* const found = std::find_if(
        kTables.begin(), kTables.end(), [&](const Table& table) { return table.option == option; });
    return found == kTables.end() ? std::span<const PropertyRow>() : found->keys;
}

}  // namespace siskin
