// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/isa_debug_exit.
#include "devices/platform/isa_debug_exit.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/platform/platform_bench.h"

using siskin::IoAccess;
using siskin::IsaDebugExit;
using siskin::test::in8;
using siskin::test::out8;
using siskin::test::RecordingRequests;

TEST_SUITE("devices/platform/isa_debug_exit") {
    TEST_CASE("the status is the value doubled plus one, cut to a byte") {
        RecordingRequests requests;
        IsaDebugExit port(requests);

        out8(port, 0, 0x00);
        out8(port, 0, 0x10);
        out8(port, 0, 0xff);
        port.write(IoAccess{0, 2}, 0x0101);

        CHECK(requests.exits == std::vector<int>{0x01, 0x21, 0xff, 0x03});
    }

    TEST_CASE("reads give 0 and ask for nothing") {
        RecordingRequests requests;
        IsaDebugExit port(requests);

        CHECK(in8(port, 1) == 0);
        CHECK(requests.exits.empty());
    }
}
