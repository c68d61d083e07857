// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/sync_engine.
#include "devices/block/sync_engine.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/block/engine_cases.h"

namespace siskin {

TEST_SUITE("devices/block/sync_engine") {
    TEST_CASE("system calls do what is asked of an engine") {
        check_engine(EngineKind::Sync);
    }
}

}  // namespace siskin
