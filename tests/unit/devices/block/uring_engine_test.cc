// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/uring_engine.
#include "devices/block/uring_engine.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/block/engine_cases.h"

namespace siskin {

TEST_SUITE("devices/block/uring_engine") {
    TEST_CASE("io_uring does what is asked of an engine (B11)") {
        FileAccess access;
        UringUnavailable unavailable;
        REQUIRE(UringEngine::create(access, 64, unavailable).has_value());
        if (unavailable.error_number != 0) {
            MESSAGE("SKIPPED: this host has no io_uring for us: "
                    << errno_text(unavailable.error_number));
            return;
        }
        check_engine(EngineKind::Uring);
    }
}

}  // namespace siskin
