// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/reset_control.
#include "devices/platform/reset_control.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/platform/platform_bench.h"

using siskin::IoAccess;
using siskin::ResetControl;
using siskin::test::in8;
using siskin::test::out8;
using siskin::test::RecordingRequests;

TEST_SUITE("devices/platform/reset_control") {
    TEST_CASE("RST_CPU going from 0 to 1 resets, once (ICH9 §13.7.5)") {
        RecordingRequests requests;
        ResetControl control(requests);

        out8(control, 0, 0x02);
        CHECK(requests.resets == 0);
        out8(control, 0, 0x06);
        out8(control, 0, 0x06);
        CHECK(requests.resets == 1);
        out8(control, 0, 0x02);
        out8(control, 0, 0x0e);

        CHECK(requests.resets == 2);
        CHECK(in8(control, 0) == 0x0e);
    }

    TEST_CASE("undefined bits do not stick and do not reset") {
        RecordingRequests requests;
        ResetControl control(requests);

        out8(control, 0, 0xf1);

        CHECK(in8(control, 0) == 0x00);
        CHECK(requests.resets == 0);
    }

    TEST_CASE("wider accesses are no access of this register") {
        RecordingRequests requests;
        ResetControl control(requests);

        control.write(IoAccess{0, 2}, 0x0606);
        control.write(IoAccess{0, 4}, 0x06060606);

        CHECK(requests.resets == 0);
        CHECK((control.read(IoAccess{0, 2}) & 0xffff) == 0xffff);
        CHECK(in8(control, 0) == 0x00);
    }

    TEST_CASE("after a machine reset the same write resets again") {
        RecordingRequests requests;
        ResetControl control(requests);
        out8(control, 0, 0x06);

        control.reset();
        out8(control, 0, 0x06);

        CHECK(requests.resets == 2);
    }
}
