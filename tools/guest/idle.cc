// SPDX-License-Identifier: Apache-2.0
// A guest that halts with interrupts off: what it costs the host is the monitor's own.
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

void guest_start(const siskin::guest::StartInfo* /*info*/) {
    siskin::guest::print("idle\n");
    siskin::guest::halt_forever();
}
