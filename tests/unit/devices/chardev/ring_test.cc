// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/ring.
#include "devices/chardev/ring.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::ByteCount;
using siskin::RingChardev;
using siskin::test::bytes_of;
using siskin::test::text_of;

TEST_SUITE("devices/chardev/ring") {
    TEST_CASE("a late reader gets the newest bytes in order") {
        RingChardev chardev("r", ByteCount{8});

        chardev.write(bytes_of("hello "));
        chardev.write(bytes_of("world"));

        CHECK(text_of(chardev.take(3)) == "lo ");
        CHECK(text_of(chardev.take(100)) == "world");
        CHECK(chardev.take(1).empty());
        CHECK(chardev.dropped_bytes() == 3);
        CHECK(chardev.filename() == "ringbuf");
    }
}
