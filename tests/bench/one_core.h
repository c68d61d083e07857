// SPDX-License-Identifier: Apache-2.0
// One processor for a benchmark and all that it starts, so that both sides wait for each other
// alike.
#pragma once

#include <sched.h>

namespace siskin::test {

// The last processor that the caller may use. What is started later inherits that.
inline void pin_to_one_core() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof(allowed), &allowed);
    int last = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        last = CPU_ISSET(cpu, &allowed) ? cpu : last;
    }
    CPU_ZERO(&allowed);
    CPU_SET(last, &allowed);
    ::sched_setaffinity(0, sizeof(allowed), &allowed);
}

}  // namespace siskin::test
