// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/used_order.
#include "virtio/queue/used_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace siskin {

namespace {

ChainHead head_of(UsedOrder& order, std::uint16_t id) {
    return ChainHead{id, 1, order.take()};
}

std::vector<std::uint16_t> shown(UsedOrder& order) {
    std::vector<std::uint16_t> ids;
    while (const auto next = order.next()) {
        ids.push_back(next->head.id);
    }
    return ids;
}

}  // namespace

TEST_SUITE("virtio/queue/used_order") {
    TEST_CASE("nothing is shown while nothing is done") {
        UsedOrder order(4);
        [[maybe_unused]] const ChainHead first = head_of(order, 1);

        CHECK_FALSE(order.next().has_value());
    }

    TEST_CASE("what is done first waits for what was popped first (virtio 1.2 §2.7.9)") {
        UsedOrder order(4);
        const ChainHead first = head_of(order, 7);
        const ChainHead second = head_of(order, 8);

        order.finish(second, 2);
        CHECK_FALSE(order.next().has_value());
        order.finish(first, 1);

        const auto shown_first = order.next();
        REQUIRE(shown_first.has_value());
        CHECK(shown_first->head == first);
        CHECK(shown_first->written == 1);
        const auto shown_second = order.next();
        REQUIRE(shown_second.has_value());
        CHECK(shown_second->head == second);
        CHECK(shown_second->written == 2);
        CHECK_FALSE(order.next().has_value());
    }

    TEST_CASE("every permutation of a full queue comes out in order, again and again") {
        for (const unsigned size : {1U, 2U, 3U, 4U, 5U}) {
            UsedOrder order(static_cast<std::uint16_t>(size));
            std::vector<std::uint16_t> permutation(size);
            for (unsigned at = 0; at < size; ++at) {
                permutation[at] = static_cast<std::uint16_t>(at);
            }
            const std::vector<std::uint16_t> sorted = permutation;
            do {
                std::vector<ChainHead> heads;
                for (const std::uint16_t id : sorted) {
                    heads.push_back(head_of(order, id));
                }
                std::vector<std::uint16_t> ids;
                for (const std::uint16_t at : permutation) {
                    order.finish(heads[at], 0);
                    for (const std::uint16_t id : shown(order)) {
                        ids.push_back(id);
                    }
                }
                REQUIRE(ids == sorted);
            } while (std::next_permutation(permutation.begin(), permutation.end()));
        }
    }

    TEST_CASE("the order goes on where its number wraps") {
        UsedOrder order(3);
        unsigned wrong = 0;
        for (unsigned round = 0; round < 70000; ++round) {
            order.finish(head_of(order, static_cast<std::uint16_t>(round)), round);
            const auto next = order.next();
            wrong += next && next->written == round ? 0 : 1;
        }

        CHECK(wrong == 0);
    }
}

}  // namespace siskin
