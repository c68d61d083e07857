// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/parallel.
#include "base/loop/parallel.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>

namespace siskin {

TEST_SUITE("base/loop/parallel") {
    TEST_CASE("each part is done once, on a thread of its own, before the call returns") {
        std::array<std::atomic<int>, 8> done{};
        std::array<std::thread::id, 8> threads;

        REQUIRE(run_in_parallel(8, [&](std::size_t index) {
            ++done[index];
            threads[index] = std::this_thread::get_id();
        }));

        for (const std::atomic<int>& count : done) {
            CHECK(count == 1);
        }
        CHECK(threads[0] == std::this_thread::get_id());
        CHECK(std::set<std::thread::id>(threads.begin(), threads.end()).size() > 1);
    }
}

}  // namespace siskin
