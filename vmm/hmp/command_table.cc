// SPDX-License-Identifier: Apache-2.0
// The command tables, and what is made of their rows alone.
#include "vmm/hmp/command_table.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

constexpr std::array kCommands{
    CommandRow{"block_resize", "", "device size",
               "change the size of a disk, in MiB or with a unit", run_block_resize},
    CommandRow{"block_set_io_throttle", "", "device bps bps_rd bps_wr iops iops_rd iops_wr",
               "change how fast a disk may be; 0 is no limit", run_block_set_io_throttle},
    CommandRow{"change", "", "device [-f] filename [format [read-only-mode]]",
               "put another image into a drive (-f: though the guest has locked it)", run_change},
    CommandRow{"chardev-add", "", "backend,id=id[,option=value][,...]",
               "make a character device, as -chardev makes it", run_chardev_add},
    CommandRow{"chardev-change", "", "id backend[,option=value][,...]",
               "replace a character device that no device uses", run_chardev_change},
    CommandRow{"chardev-remove", "", "id", "remove a character device that no device uses",
               run_chardev_remove},
    CommandRow{"closefd", "", "name", "close the file that getfd has named", run_closefd},
    CommandRow{"cont", "c", "", "let the virtual CPUs run", run_cont},
    CommandRow{"cpu", "", "index", "choose the CPU that x, print and info registers mean", run_cpu},
    CommandRow{"device_add", "", "driver[,prop=value][,...]",
               "plug a device in, as -device makes it", run_device_add},
    CommandRow{"device_del", "", "device", "ask the guest to let a device go", run_device_del},
    CommandRow{"eject", "", "[-f] device",
               "take the medium out of a drive (-f: though the guest has locked it)", run_eject},
    CommandRow{"getfd", "", "name",
               "name the open file that was passed along (SCM_RIGHTS), for later commands",
               run_getfd},
    CommandRow{"help", "?", "[cmd]", "list the commands, or show one", run_help},
    CommandRow{"info", "", "[subcommand]", "show a part of the machine's state", nullptr},
    CommandRow{"nmi", "", "", "send a non-maskable interrupt to every CPU", run_nmi},
    CommandRow{"object_add", "", "[qom-type=]type,id=id[,prop=value][,...]",
               "make an object, as -object makes it", run_object_add},
    CommandRow{"object_del", "", "id", "remove an object that nothing uses", run_object_del},
    CommandRow{"pcie_aer_inject_error", "",
               "[-a] [-c] id <error_status> [<tlp header> [<tlp header prefix>]]",
               "report a PCI Express error (-a: an advisory non-fatal one, -c: a correctable one)",
               run_pcie_aer_inject_error},
    CommandRow{"print", "p", "/fmt expr", "show the value of an expression; $eax is a register",
               run_print},
    CommandRow{"quit", "q", "", "end the program", run_quit},
    CommandRow{"ringbuf_read", "", "device size",
               "take bytes out of a ring in memory; \\uXXXX is a control character",
               run_ringbuf_read},
    CommandRow{"ringbuf_write", "", "device data", "add text to a ring in memory",
               run_ringbuf_write},
    CommandRow{"screendump", "", "filename [-f format] [device [head]]",
               "write the screen to a file; refused, there is no screen", run_screendump},
    CommandRow{"sendkey", "", "keys [hold_ms]", "press keys; refused, there is no keyboard",
               run_sendkey},
    CommandRow{"stop", "s", "", "pause the virtual CPUs", run_stop},
    CommandRow{"system_powerdown", "", "", "press the power button", run_system_powerdown},
    CommandRow{"system_reset", "", "", "reset the machine", run_system_reset},
    CommandRow{"x", "", "/fmt addr", "show memory at an address of the chosen CPU", run_x},
    CommandRow{"xp", "", "/fmt addr", "show memory at a physical address", run_xp},
};

constexpr std::array kInfoTopics{
    CommandRow{"block", "", "[-v] [device]", "disks (-v: with their images)", info_block},
    CommandRow{"blockstats", "", "", "what disks have done so far", info_blockstats},
    CommandRow{"chardev", "", "", "character devices", info_chardev},
    CommandRow{"cpus", "", "", "virtual CPUs and their threads", info_cpus},
    CommandRow{"hotpluggable-cpus", "", "", "the places for CPUs in the topology",
               info_hotpluggable_cpus},
    CommandRow{"iothreads", "", "", "I/O threads", info_iothreads},
    CommandRow{"irq", "", "",
               "counts of interrupts, of which KVM keeps none; what devices have bound in KVM",
               info_irq},
    CommandRow{"kvm", "", "", "whether KVM is in use", info_kvm},
    CommandRow{"memdev", "", "", "memory back ends", info_memdev},
    CommandRow{"memory_size_summary", "", "", "the size of the guest's memory",
               info_memory_size_summary},
    CommandRow{"mice", "", "", "mice; there are none", info_mice},
    CommandRow{"mtree", "", "[-f]", "who answers at which address (-f: as flat views)", info_mtree},
    CommandRow{"name", "", "", "the machine's name", info_name},
    CommandRow{"network", "", "", "network devices and their back ends", info_network},
    CommandRow{"numa", "", "", "NUMA nodes with their CPUs and memory", info_numa},
    CommandRow{"pci", "", "", "PCI functions, bus by bus", info_pci},
    CommandRow{"qom-tree", "", "[path]", "the tree of objects, or a part of it", info_qom_tree},
    CommandRow{"qtree", "", "", "devices with their properties, by bus", info_qtree},
    CommandRow{"registers", "", "[-a|vcpu]",
               "registers of the chosen CPU (-a: of all, vcpu: of that one)", info_registers},
    CommandRow{"stats", "", "target [names] [provider]",
               "KVM's statistics of the vm or of the chosen vcpu; names as a,b, or *", info_stats},
    CommandRow{"status", "", "", "whether the machine runs", info_status},
    CommandRow{"uuid", "", "", "the machine's UUID", info_uuid},
    CommandRow{"version", "", "", "the QEMU level and this program's version", info_version},
};

// The words before the last one, and the last, which may be empty.
struct Words {
    std::vector<std::string_view> before;
    std::string_view last;
};

Words split(std::string_view text) {
    Words words;
    std::size_t at = 0;
    for (;;) {
        at = std::min(text.find_first_not_of(" \t", at), text.size());
        const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
        if (end == text.size()) {
            words.last = text.substr(at);
            return words;
        }
        words.before.push_back(text.substr(at, end - at));
        at = end;
    }
}

std::span<const CommandRow> table_for(std::span<const std::string_view> before) {
    if (before.empty()) {
        return kCommands;
    }
    if (before.front() == "help" || before.front() == "?") {
        const auto rest = before.subspan(1);
        return rest.empty() || rest.front() == "info" ? table_for(rest)
                                                      : std::span<const CommandRow>();
    }
    if (before.front() == "info" && before.size() == 1) {
        return kInfoTopics;
    }
    return {};
}

}  // namespace

std::span<const CommandRow> command_table() {
    return kCommands;
}

std::span<const CommandRow> info_table() {
    return kInfoTopics;
}

const CommandRow* find_row(std::span<const CommandRow> table, std::string_view word) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const CommandRow& row) {
        return row.name == word || (!row.alias.empty() && row.alias == word);
    });
    return found == table.end() ? nullptr : &*found;
}

bool takes_descriptor(std::string_view line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(begin);
    const CommandRow* const row = find_row(kCommands, line.substr(0, line.find_first_of(" \t")));
    return row != nullptr && row->run == run_getfd;
}

std::string full_name(const CommandRow& row) {
    return concat(row.name, row.alias.empty() ? "" : "|", row.alias);
}

std::string help_line(std::string_view prefix, const CommandRow& row) {
    return concat(prefix, full_name(row), ' ', row.syntax, " -- ", row.help, '\n');
}

std::string help_lines(std::string_view prefix, std::span<const CommandRow> table) {
    std::string text;
    for (const CommandRow& row : table) {
        text += help_line(prefix, row);
    }
    return text;
}

std::vector<std::string> completions(std::string_view text) {
    const Words words = split(text);
    std::vector<std::string> found;
    for (const CommandRow& row : table_for(words.before)) {
        for (const std::string_view name : {row.name, row.alias}) {
            if (!name.empty() && name.starts_with(words.last)) {
                found.emplace_back(name);
            }
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace siskin::hmp
