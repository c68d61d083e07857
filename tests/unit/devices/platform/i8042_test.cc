// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/i8042.
#include "devices/platform/i8042.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/platform/platform_bench.h"

using siskin::I8042;
using siskin::test::in8;
using siskin::test::out8;
using siskin::test::Random;
using siskin::test::RecordingRequests;

namespace {

constexpr unsigned kData = 0;
constexpr unsigned kCommand = 4;
constexpr unsigned kFull = 0x01;

struct ControllerBench {
    RecordingRequests requests;
    I8042 controller{requests};

    unsigned ask(unsigned command) {
        out8(controller, kCommand, command);
        return (in8(controller, kCommand) & kFull) != 0 ? in8(controller, kData) : 0x100;
    }
};

}  // namespace

TEST_SUITE("devices/platform/i8042") {
    TEST_CASE("command 0xfe resets, each time") {
        ControllerBench bench;

        out8(bench.controller, kCommand, 0xfe);
        CHECK(bench.requests.resets == 1);
        out8(bench.controller, kCommand, 0xfe);

        CHECK(bench.requests.resets == 2);
    }

    TEST_CASE("of the pulse commands those that leave pin 0 alone do not reset") {
        ControllerBench bench;

        out8(bench.controller, kCommand, 0xff);
        out8(bench.controller, kCommand, 0xf1);
        CHECK(bench.requests.resets == 0);
        out8(bench.controller, kCommand, 0xf0);

        CHECK(bench.requests.resets == 1);
    }

    TEST_CASE("the input buffer is always free and the output buffer empty at first") {
        ControllerBench bench;

        CHECK(in8(bench.controller, kCommand) == 0x10);
    }

    TEST_CASE("the self test passes and sets the system flag") {
        ControllerBench bench;

        CHECK(bench.ask(0xaa) == 0x55);
        CHECK((in8(bench.controller, kCommand) & (kFull | 0x04)) == 0x04);
    }

    TEST_CASE("the command byte is written and read back, and follows the enable commands") {
        ControllerBench bench;
        out8(bench.controller, kCommand, 0x60);
        out8(bench.controller, kData, 0x47);

        CHECK(bench.ask(0x20) == 0x47);
        out8(bench.controller, kCommand, 0xad);
        out8(bench.controller, kCommand, 0xa7);
        CHECK(bench.ask(0x20) == 0x77);
        out8(bench.controller, kCommand, 0xae);
        out8(bench.controller, kCommand, 0xa8);

        CHECK(bench.ask(0x20) == 0x47);
    }

    TEST_CASE("no mouse and no keyboard: the probes of an operating system are answered at once") {
        ControllerBench bench;

        CHECK(bench.ask(0xa9) == 0x02);
        CHECK(bench.ask(0xab) == 0x02);
        out8(bench.controller, kCommand, 0xd3);
        out8(bench.controller, kData, 0x5a);
        CHECK((in8(bench.controller, kCommand) & 0x21) == 0x01);
        CHECK(in8(bench.controller, kData) == 0x00);
        out8(bench.controller, kData, 0xff);

        CHECK((in8(bench.controller, kCommand) & 0x41) == 0x41);
        CHECK(in8(bench.controller, kData) == 0xfe);
    }

    TEST_CASE("A20 follows the output port and the two A20 commands") {
        ControllerBench bench;
        CHECK(bench.controller.a20_open());

        out8(bench.controller, kCommand, 0xdd);
        CHECK_FALSE(bench.controller.a20_open());
        out8(bench.controller, kCommand, 0xdf);
        CHECK(bench.controller.a20_open());
        out8(bench.controller, kCommand, 0xd1);
        out8(bench.controller, kData, 0xdd);
        CHECK_FALSE(bench.controller.a20_open());

        CHECK(bench.ask(0xd0) == 0xdd);
        CHECK(bench.requests.resets == 0);
    }

    TEST_CASE("writing the output port with pin 0 low resets") {
        ControllerBench bench;

        out8(bench.controller, kCommand, 0xd1);
        out8(bench.controller, kData, 0xfe);

        CHECK(bench.requests.resets == 1);
    }

    TEST_CASE("a command forgets the parameter that the one before waited for") {
        ControllerBench bench;

        out8(bench.controller, kCommand, 0xd1);
        out8(bench.controller, kCommand, 0x20);
        out8(bench.controller, kData, 0x00);

        CHECK(bench.requests.resets == 0);
        CHECK(bench.controller.a20_open());
    }

    TEST_CASE("after 100000 random accesses a reset gives the power-on state (C10)") {
        ControllerBench bench;
        Random random(8042);
        for (int step = 0; step < 100000; ++step) {
            out8(bench.controller, random() % 2 == 0 ? kData : kCommand, random() & 0xff);
            [[maybe_unused]] const unsigned ignored = in8(bench.controller, random() % 5);
        }

        bench.controller.reset();

        CHECK(in8(bench.controller, kCommand) == 0x10);
        CHECK(bench.controller.a20_open());
        CHECK(bench.ask(0x20) == 0x30);
    }
}
