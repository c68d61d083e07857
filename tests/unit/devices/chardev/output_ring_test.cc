// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/output_ring.
#include "devices/chardev/output_ring.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::OutputRing;
using siskin::test::bytes_of;
using siskin::test::text_of;

namespace {

std::string take(OutputRing& ring, std::size_t count) {
    std::vector<std::uint8_t> out(count);
    out.resize(ring.pop(out));
    return text_of(out);
}

}  // namespace

TEST_SUITE("devices/chardev/output_ring") {
    TEST_CASE("bytes come out in the order they went in") {
        OutputRing ring(8);

        ring.push(bytes_of("abc"));
        ring.push(bytes_of("def"));

        CHECK(take(ring, 4) == "abcd");
        CHECK(take(ring, 4) == "ef");
        CHECK(ring.empty());
        CHECK(ring.dropped() == 0);
    }

    TEST_CASE("a full ring loses its oldest bytes and counts them") {
        OutputRing ring(8);

        ring.push(bytes_of("12345678"));
        ring.push(bytes_of("9a"));

        CHECK(ring.dropped() == 2);
        CHECK(ring.size() == 8);
        CHECK(take(ring, 99) == "3456789a");
    }

    TEST_CASE("exactly the capacity fits, one more drops one") {
        OutputRing exact(4);
        OutputRing over(4);

        exact.push(bytes_of("1234"));
        over.push(bytes_of("12345"));

        CHECK(exact.dropped() == 0);
        CHECK(take(exact, 9) == "1234");
        CHECK(over.dropped() == 1);
        CHECK(take(over, 9) == "2345");
    }

    TEST_CASE("one push longer than the ring keeps its tail") {
        OutputRing ring(4);

        ring.push(bytes_of("ab"));
        ring.push(bytes_of("0123456789"));

        CHECK(ring.dropped() == 8);
        CHECK(take(ring, 9) == "6789");
    }

    TEST_CASE("an empty pop and an empty push change nothing") {
        OutputRing ring(4);

        ring.push({});

        CHECK(take(ring, 4).empty());
        CHECK(ring.size() == 0);
    }

    TEST_CASE("a million random pushes and pops equal a queue with a bound") {
        static constexpr std::size_t kCapacity = 10000;
        OutputRing ring(kCapacity);
        std::deque<std::uint8_t> model;
        std::uint64_t model_dropped = 0;
        std::mt19937 random(7);
        std::uint64_t mismatches = 0;

        std::vector<std::uint8_t> buffer;
        for (int step = 0; step < 20000; ++step) {
            buffer.resize(random() % 150);
            for (std::uint8_t& byte : buffer) {
                byte = static_cast<std::uint8_t>(random());
            }
            ring.push(buffer);
            model.insert(model.end(), buffer.begin(), buffer.end());
            while (model.size() > kCapacity) {
                model.pop_front();
                ++model_dropped;
            }
            buffer.resize(random() % 140);
            buffer.resize(ring.pop(buffer));
            for (const std::uint8_t byte : buffer) {
                mismatches += byte == model.front() ? 0 : 1;
                model.pop_front();
            }
        }

        CHECK(mismatches == 0);
        CHECK(ring.size() == model.size());
        CHECK(ring.dropped() == model_dropped);
    }
}
