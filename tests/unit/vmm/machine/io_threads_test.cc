// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/io_threads.
#include "vmm/machine/io_threads.h"

#include <doctest/doctest.h>

using namespace siskin;

TEST_SUITE("vmm/machine/io_threads") {
    TEST_CASE("devices that name no thread share one, made when it is first wanted") {
        IoThreads threads;

        const auto first = threads.find("");
        const auto second = threads.find("");

        REQUIRE(first.has_value());
        REQUIRE(second.has_value());
        CHECK(*first == *second);
    }

    TEST_CASE("a named thread is found by its id, one that is not there is named") {
        IoThreads threads;
        REQUIRE(threads.add("io0").has_value());

        const auto there = threads.find("io0");
        const auto missing = threads.find("io1");

        CHECK(there.has_value());
        REQUIRE_FALSE(missing.has_value());
        CHECK(missing.error().message ==
              "Property 'iothread' names 'io1', which is no -object iothread");
    }

    TEST_CASE("an id twice, an empty one and one that is no identifier are refused") {
        IoThreads threads;
        REQUIRE(threads.add("io0").has_value());

        CHECK(threads.add("io0").error().message == "Duplicate ID 'io0' for object");
        CHECK(threads.add("").error().message == "Parameter 'id' is missing");
        CHECK_FALSE(threads.add("0io").has_value());
    }

    TEST_CASE("a thread's loop has the polling times that were asked for") {
        IoThreads threads;
        REQUIRE(threads.add("io0", {9000, 3, 2}).has_value());
        PollLimits first;
        PollLimits second;
        IoThread& thread = **threads.find("io0");
        thread.run_and_wait([&](IoLoop& loop) { first = loop.poll_limits(); });

        threads.configure("io0", {});
        thread.run_and_wait([&](IoLoop& loop) { second = loop.poll_limits(); });

        CHECK(first.max == std::chrono::nanoseconds(9000));
        CHECK(first.grow == 3);
        CHECK(first.shrink == 2);
        CHECK(second.max.count() == 32'768);
    }

    TEST_CASE("the thread that devices share looks for as long as one of QEMU's") {
        IoThreads threads;
        PollLimits limits;

        (*threads.find(""))->run_and_wait([&](IoLoop& loop) { limits = loop.poll_limits(); });

        CHECK(limits.max.count() == 32'768);
    }
}
