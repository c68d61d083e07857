// SPDX-License-Identifier: Apache-2.0
// Proves base/loop/pointer_queue.
#include "base/loop/pointer_queue.h"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <memory>

namespace siskin {

TEST_SUITE("base/loop/pointer_queue") {
    TEST_CASE("pointers come out in the order they went in") {
        std::array<int, 3> numbers{};
        PointerQueue queue(3);

        for (int& number : numbers) {
            REQUIRE(queue.push(&number));
        }

        for (int& number : numbers) {
            CHECK(queue.pop() == &number);
        }
        CHECK(queue.pop() == nullptr);
    }

    TEST_CASE("a queue holds its capacity and not one more, again and again") {
        int number = 0;
        for (const std::size_t capacity : {std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
            CAPTURE(capacity);
            PointerQueue queue(capacity);
            for (int round = 0; round < 3; ++round) {
                std::size_t held = 0;
                while (held <= capacity && queue.push(&number)) {
                    ++held;
                }
                CHECK(held == capacity);
                while (queue.pop() != nullptr) {
                    --held;
                }
                CHECK(held == 0);
            }
        }
    }

    TEST_CASE("the largest capacity is accepted") {
        int number = 0;
        PointerQueue queue(65534);

        CHECK(queue.push(&number));
        CHECK(queue.pop() == &number);
    }
}

}  // namespace siskin
