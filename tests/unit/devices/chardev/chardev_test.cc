// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/chardev and the back ends without a descriptor.
#include "devices/chardev/chardev.h"

#include <doctest/doctest.h>

#include "devices/chardev/null.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::NullChardev;
using siskin::test::bytes_of;
using siskin::test::RecordingFrontEnd;

TEST_SUITE("devices/chardev/chardev") {
    TEST_CASE("a second front end is refused, and taken after the first has gone") {
        NullChardev chardev("x");
        RecordingFrontEnd first(1);
        RecordingFrontEnd second(1);
        REQUIRE(chardev.attach(first).has_value());

        const auto refused = chardev.attach(second);

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "Device 'x' is in use");
        CHECK(chardev.in_use());
        chardev.detach();
        CHECK_FALSE(chardev.in_use());
        CHECK(chardev.attach(second).has_value());
    }

    TEST_CASE("null swallows output without counting it as lost") {
        NullChardev chardev("n");

        chardev.write(bytes_of("gone"));

        CHECK(chardev.filename() == "null");
        CHECK(chardev.dropped_bytes() == 0);
        CHECK(chardev.pty_path().empty());
    }
}
