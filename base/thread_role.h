// SPDX-License-Identifier: Apache-2.0
// The threads as capabilities, so that clang -Wthread-safety checks who calls what (SISKIN_ON).
#pragma once

#include "base/mutex.h"

namespace siskin {

// A thread (or "one of these threads") as something a function may require. Costs nothing at run
// time: the thread's entry function calls enter() once, which only tells the analysis.
class SISKIN_CAPABILITY("thread") ThreadRole {
public:
    void enter() const SISKIN_ASSERT_CAPABILITY(this) {}
};

inline constexpr ThreadRole vm_thread;   // the main thread: VM event loop
inline constexpr ThreadRole qmp_thread;  // sockets and sessions

}  // namespace siskin
