// SPDX-License-Identifier: Apache-2.0
// Segment and control registers of a processor in flat protected or 64-bit mode.
#pragma once

#include "base/units.h"
#include "vmm/kvm/uapi.h"

namespace siskin {

// Changes what was read from a reset vCPU; the descriptor table's content is the caller's.
// Flat 4 GiB segments, paging off (Intel SDM volume 3, §3.2.1).
void set_flat_protected_mode(kvm_sregs& registers);
// 64-bit mode with paging by `page_table_root`, which maps at least the code that runs next.
void set_long_mode(kvm_sregs& registers, GuestAddress page_table_root);
// The task state segment of a reset processor, marked 32-bit and busy as VM entry wants it.
void set_task_register(kvm_sregs& registers);

}  // namespace siskin
