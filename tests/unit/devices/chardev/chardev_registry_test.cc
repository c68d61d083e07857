// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/chardev_registry.
#include "devices/chardev/chardev_registry.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::ByteCount;
using siskin::ChardevBackend;
using siskin::ChardevConfig;
using siskin::test::ChardevBench;
using siskin::test::RecordingFrontEnd;

namespace {

ChardevConfig ring_config(ByteCount size) {
    ChardevConfig config;
    config.backend = ChardevBackend::Ring;
    config.id = "r";
    config.size = size;
    return config;
}

}  // namespace

TEST_SUITE("devices/chardev/chardev_registry") {
    TEST_CASE("an id is taken once and found by its name") {
        ChardevBench bench;
        auto chardev = bench.make(ChardevBackend::Null);
        REQUIRE(chardev.has_value());

        const auto duplicate = bench.make(ChardevBackend::Null);

        REQUIRE_FALSE(duplicate.has_value());
        CHECK(duplicate.error().message == "Chardev with id 'c0' already exists");
        CHECK(bench.registry.find("c0") == *chardev);
        CHECK(bench.registry.find("c1") == nullptr);
        CHECK(bench.registry.all().size() == 1);
    }

    TEST_CASE("a back end in use stays, an unknown one is not found") {
        ChardevBench bench;
        auto chardev = bench.make(ChardevBackend::Null);
        REQUIRE(chardev.has_value());
        RecordingFrontEnd front_end(1);
        REQUIRE((*chardev)->attach(front_end).has_value());

        const auto busy = bench.registry.remove("c0");
        const auto unknown = bench.registry.remove("nope");

        REQUIRE_FALSE(busy.has_value());
        CHECK(busy.error().message == "Chardev 'c0' is busy");
        REQUIRE_FALSE(unknown.has_value());
        CHECK(unknown.error().message == "Chardev 'nope' not found");
        (*chardev)->detach();
        CHECK(bench.registry.remove("c0").has_value());
        CHECK(bench.registry.all().empty());
    }

    TEST_CASE("a ring's size is a power of two of at most 64 MiB") {
        ChardevBench bench;

        const auto odd = bench.make(ring_config(ByteCount{3}));
        const auto none = bench.make(ring_config(ByteCount{0}));
        const auto huge = bench.make(ring_config(ByteCount{128 * siskin::kMiB}));
        const auto largest = bench.make(ring_config(ByteCount{64 * siskin::kMiB}));

        REQUIRE_FALSE(odd.has_value());
        CHECK(odd.error().message == "size of ringbuf chardev must be power of two");
        CHECK_FALSE(none.has_value());
        CHECK_FALSE(huge.has_value());
        CHECK(largest.has_value());
    }
}
