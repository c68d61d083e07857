// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/thread_engine.
#include "devices/block/thread_engine.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/block/engine_cases.h"

namespace siskin {

TEST_SUITE("devices/block/thread_engine") {
    TEST_CASE("system calls on threads do what is asked of an engine (B11)") {
        check_engine(EngineKind::Threads);
    }
}

}  // namespace siskin
