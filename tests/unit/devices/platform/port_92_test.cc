// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/port_92.
#include "devices/platform/port_92.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/platform/platform_bench.h"

using siskin::Port92;
using siskin::test::in8;
using siskin::test::out8;
using siskin::test::RecordingRequests;

TEST_SUITE("devices/platform/port_92") {
    TEST_CASE("the A20 bit is kept and resets nothing") {
        RecordingRequests requests;
        Port92 port(requests);

        out8(port, 0, 0xfe);

        CHECK(in8(port, 0) == 0x02);
        CHECK(requests.resets == 0);
    }

    TEST_CASE("INIT_NOW going from 0 to 1 resets, once (ICH9 §13.7.3)") {
        RecordingRequests requests;
        Port92 port(requests);

        out8(port, 0, 0x03);
        out8(port, 0, 0x01);
        CHECK(requests.resets == 1);
        port.reset();
        out8(port, 0, 0x01);

        CHECK(requests.resets == 2);
    }
}
