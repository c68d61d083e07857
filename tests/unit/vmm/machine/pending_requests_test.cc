// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/pending_requests.
#include "vmm/machine/pending_requests.h"

#include <doctest/doctest.h>

using siskin::PendingRequests;

TEST_SUITE("vmm/machine/pending_requests") {
    TEST_CASE("a guest that asks a thousand times is heard once") {
        auto requests = PendingRequests::create();
        REQUIRE(requests.has_value());

        for (int time = 0; time < 1000; ++time) {
            requests->request_reset();
        }
        const auto first = requests->take();
        const auto second = requests->take();

        CHECK(first.reset);
        CHECK_FALSE(second.reset);
    }

    TEST_CASE("the first exit status and the first failure count") {
        auto requests = PendingRequests::create();
        REQUIRE(requests.has_value());

        requests->request_debug_exit(3);
        requests->request_debug_exit(5);
        requests->report_failure("first");
        requests->report_failure("second");
        const auto taken = requests->take();

        REQUIRE(taken.debug_exit.has_value());
        CHECK(*taken.debug_exit == 3);
        REQUIRE(taken.failure.has_value());
        CHECK(*taken.failure == "first");
        CHECK_FALSE(taken.shutdown);
    }
}
