// SPDX-License-Identifier: Apache-2.0
// MachineLock: the one lock of the control plane.
#pragma once

#include "base/mutex.h"

namespace siskin {

// Held by a vCPU thread for one register access and by the VM loop inside a handler. Never held
// across KVM_RUN, a sleep or host I/O; I/O threads and the QMP thread never take it.
class SISKIN_CAPABILITY("mutex") MachineLock : public Mutex {};

}  // namespace siskin
