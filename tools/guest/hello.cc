// SPDX-License-Identifier: Apache-2.0
// The guest of the start-time benchmark: one line on the debug port, then at rest for ever.
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/print.h"

void guest_start(const siskin::guest::StartInfo* /*info*/) {
    siskin::guest::print("hello\n");
    siskin::guest::halt_forever();
}
