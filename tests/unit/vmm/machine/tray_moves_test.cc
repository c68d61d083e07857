// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/tray_moves.
#include "vmm/machine/tray_moves.h"

#include <doctest/doctest.h>

namespace siskin {

TEST_SUITE("vmm/machine/tray_moves") {
    TEST_CASE("moves are told in their order, each with its drive") {
        const auto moves = *TrayMoves::create();
        const auto first = moves->reporter("c0", "cd0");
        const auto second = moves->reporter("", "cd1");
        first(true);
        second(true);
        first(false);

        const auto told = moves->take();

        REQUIRE(told.size() == 3);
        CHECK(told[0].device == "c0");
        CHECK(told[0].id == "cd0");
        CHECK(told[0].is_open);
        CHECK(told[1].id == "cd1");
        CHECK_FALSE(told[2].is_open);
        CHECK(moves->take().empty());
    }

    TEST_CASE("a guest that moves its tray for ever fills no memory, and the last move counts") {
        const auto moves = *TrayMoves::create();
        const auto tray = moves->reporter("", "cd0");
        for (std::size_t count = 0; count < 3 * TrayMoves::kWaitingMax; ++count) {
            tray(count % 2 == 0);
        }
        tray(true);

        const auto told = moves->take();

        CHECK(told.size() == TrayMoves::kWaitingMax);
        CHECK(told.back().is_open);
    }
}

}  // namespace siskin
