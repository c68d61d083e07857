// SPDX-License-Identifier: Apache-2.0
// The kernel's KVM interface, with the sizes it has in C.
#pragma once

#include <linux/stddef.h>

// linux-libc-dev 6.1 declares flexible arrays next to an empty struct, which has size 0 in C and 1
// in C++; the sizes, and with them the ioctl numbers, would be wrong.
#ifdef __DECLARE_FLEX_ARRAY
#undef __DECLARE_FLEX_ARRAY
#endif
#define __DECLARE_FLEX_ARRAY(TYPE, NAME) TYPE NAME[0]

#include <linux/kvm.h>

static_assert(sizeof(kvm_irq_routing) == 8);
static_assert(sizeof(kvm_msrs) == 8);
static_assert(sizeof(kvm_cpuid2) == 8);
static_assert(sizeof(kvm_msr_list) == 4);
static_assert(sizeof(kvm_signal_mask) == 4);
