// SPDX-License-Identifier: Apache-2.0
// A function of the VM thread called where nobody knows the thread.
#include "base/thread_role.h"

void stop_machine() SISKIN_ON(siskin::vm_thread);

void use() {
#ifndef SISKIN_BAD
    siskin::vm_thread.enter();
#endif
    stop_machine();
}
