// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of the command tables.
#pragma once

#include "vmm/hmp/call.h"

namespace siskin::hmp {

// control_commands.cc
[[nodiscard]] Result<> run_cont(Call& call);
[[nodiscard]] Result<> run_cpu(Call& call);
[[nodiscard]] Result<> run_device_add(Call& call);
[[nodiscard]] Result<> run_device_del(Call& call);
[[nodiscard]] Result<> run_help(Call& call);
[[nodiscard]] Result<> run_nmi(Call& call);
[[nodiscard]] Result<> run_quit(Call& call);
[[nodiscard]] Result<> run_screendump(Call& call);
[[nodiscard]] Result<> run_sendkey(Call& call);
[[nodiscard]] Result<> run_stop(Call& call);
[[nodiscard]] Result<> run_system_powerdown(Call& call);
[[nodiscard]] Result<> run_system_reset(Call& call);

// host_commands.cc
[[nodiscard]] Result<> run_chardev_add(Call& call);
[[nodiscard]] Result<> run_chardev_change(Call& call);
[[nodiscard]] Result<> run_chardev_remove(Call& call);
[[nodiscard]] Result<> run_closefd(Call& call);
[[nodiscard]] Result<> run_getfd(Call& call);
[[nodiscard]] Result<> run_object_add(Call& call);
[[nodiscard]] Result<> run_object_del(Call& call);

// ring_commands.cc
[[nodiscard]] Result<> run_ringbuf_read(Call& call);
[[nodiscard]] Result<> run_ringbuf_write(Call& call);

// memory_commands.cc
[[nodiscard]] Result<> info_registers(Call& call);
[[nodiscard]] Result<> run_print(Call& call);
[[nodiscard]] Result<> run_x(Call& call);
[[nodiscard]] Result<> run_xp(Call& call);
// disk_commands.cc
[[nodiscard]] Result<> run_block_resize(Call& call);
[[nodiscard]] Result<> run_block_set_io_throttle(Call& call);
[[nodiscard]] Result<> info_blockstats(Call& call);
// media_commands.cc
[[nodiscard]] Result<> run_change(Call& call);
[[nodiscard]] Result<> run_eject(Call& call);
// pci_error_command.cc
[[nodiscard]] Result<> run_pcie_aer_inject_error(Call& call);

// info_machine.cc
[[nodiscard]] Result<> info_chardev(Call& call);
[[nodiscard]] Result<> info_cpus(Call& call);
[[nodiscard]] Result<> info_hotpluggable_cpus(Call& call);
[[nodiscard]] Result<> info_iothreads(Call& call);
[[nodiscard]] Result<> info_irq(Call& call);
[[nodiscard]] Result<> info_kvm(Call& call);
[[nodiscard]] Result<> info_mice(Call& call);
[[nodiscard]] Result<> info_name(Call& call);
[[nodiscard]] Result<> info_network(Call& call);
[[nodiscard]] Result<> info_status(Call& call);
[[nodiscard]] Result<> info_uuid(Call& call);
[[nodiscard]] Result<> info_version(Call& call);

// info_memory.cc
[[nodiscard]] Result<> info_memdev(Call& call);
[[nodiscard]] Result<> info_memory_size_summary(Call& call);
[[nodiscard]] Result<> info_numa(Call& call);

// info_stats.cc
[[nodiscard]] Result<> info_stats(Call& call);

// info_block.cc, info_pci.cc, info_trees.cc
[[nodiscard]] Result<> info_block(Call& call);
[[nodiscard]] Result<> info_pci(Call& call);
[[nodiscard]] Result<> info_mtree(Call& call);
[[nodiscard]] Result<> info_qom_tree(Call& call);
[[nodiscard]] Result<> info_qtree(Call& call);

}  // namespace siskin::hmp
