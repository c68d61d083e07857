// SPDX-License-Identifier: Apache-2.0
// Starts a second processor (Intel SDM volume 3, 8.4.4.1), and a lock for two.
#pragma once

#include <cstdint>

#include "tools/guest/runtime/io.h"

namespace siskin::guest {

// INIT, STARTUP; `entry` runs on the other processor with its own stack and the interrupt table
// loaded. One other processor only: there is one stack. Does not wait.
void start_processor(std::uint32_t apic_id, void (*entry)());

// A spin lock.
class SpinLock {
public:
    void lock() {
        while (__atomic_exchange_n(&held_, 1U, __ATOMIC_ACQUIRE) != 0) {
            pause();
        }
    }
    void unlock() { __atomic_store_n(&held_, 0U, __ATOMIC_RELEASE); }

private:
    unsigned held_ = 0;
};

}  // namespace siskin::guest
