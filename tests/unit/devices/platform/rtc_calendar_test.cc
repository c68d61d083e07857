// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/rtc_calendar: the time in its forms, and alarms.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/unit/devices/platform/rtc_bench.h"

using namespace std::chrono_literals;
using siskin::test::Random;
using siskin::test::RtcBench;
using siskin::test::Time;

TEST_SUITE("devices/platform/rtc_calendar") {
    TEST_CASE("the time is the host's, in UTC, BCD and 24 hours") {
        RtcBench bench;

        CHECK(bench.time() == Time{0x50, 0x59, 0x23, 0x05, 0x29, 0x02, 0x24, 0x20});
        CHECK(bench.get(0x0a) == 0x26);
        CHECK(bench.get(0x0b) == 0x02);
        CHECK(bench.get(0x0d) == 0x80);
    }

    TEST_CASE("the leap day ends and March begins") {
        RtcBench bench;

        bench.clock.advance(10s);

        CHECK(bench.time() == Time{0x00, 0x00, 0x00, 0x06, 0x01, 0x03, 0x24, 0x20});
    }

    TEST_CASE("binary and 12-hour modes show the same time in their own form") {
        RtcBench bench;

        bench.put(0x0b, 0x06);
        CHECK(bench.time() == Time{50, 59, 23, 5, 29, 2, 24, 20});
        bench.put(0x0b, 0x00);
        CHECK(bench.get(4) == 0x91);
        bench.clock.advance(10s);
        CHECK(bench.get(4) == 0x12);
        bench.clock.advance(12h);

        CHECK(bench.get(4) == 0x92);
    }

    TEST_CASE("a time set under SET runs on from SET's end, and the host's clock stays as it is") {
        RtcBench bench;
        const Time set = {0x56, 0x34, 0x12, 0x04, 0x31, 0x12, 0x99, 0x19};

        bench.put(0x0b, 0x82);
        bench.put_time(set);
        bench.clock.advance(5s);
        CHECK(bench.time() == set);
        bench.put(0x0b, 0x02);
        CHECK(bench.get(0) == 0x56);
        bench.clock.advance(4s);

        CHECK(bench.get(0) == 0x00);
        CHECK(bench.get(2) == 0x35);
        bench.clock.advance(11h + 25min);
        CHECK(bench.time() == Time{0x00, 0x00, 0x00, 0x07, 0x01, 0x01, 0x00, 0x20});
    }

    TEST_CASE("a time set without SET counts at once") {
        RtcBench bench;

        bench.put(4, 0x01);
        bench.clock.advance(10s);

        CHECK(bench.time() == Time{0x00, 0x00, 0x02, 0x05, 0x29, 0x02, 0x24, 0x20});
    }

    TEST_CASE("12-hour values are understood: noon and midnight") {
        RtcBench bench;
        bench.put(0x0b, 0x00);
        bench.put(4, 0x92);
        bench.put(0x0b, 0x02);
        CHECK(bench.get(4) == 0x12);

        bench.put(0x0b, 0x00);
        bench.put(4, 0x12);
        bench.put(0x0b, 0x02);

        CHECK(bench.get(4) == 0x00);
    }

    TEST_CASE("letting go of the divider starts half a second before the next update") {
        RtcBench bench;
        bench.put(0x0a, 0x76);
        bench.put(0, 0x10);
        bench.clock.advance(3700ms);
        CHECK(bench.get(0) == 0x10);

        bench.put(0x0a, 0x26);
        bench.clock.advance(499ms);
        CHECK(bench.get(0) == 0x10);
        bench.clock.advance(2ms);

        CHECK(bench.get(0) == 0x11);
    }

    TEST_CASE("values out of range carry over and never break the clock") {
        RtcBench bench;
        bench.put(0x0b, 0x86);
        bench.put_time({255, 255, 23, 0, 0, 0, 255, 255});
        bench.put(0x0b, 0x06);

        const Time shown = bench.time();

        CHECK(shown[0] < 60);
        CHECK(shown[1] < 60);
        CHECK(shown[4] >= 1);
        CHECK(shown[5] >= 1);
        CHECK(shown[5] <= 12);
    }

    TEST_CASE("the alarm comes at its second, once a day") {
        RtcBench bench;
        bench.put(0x0a, 0x20);
        bench.put(1, 0x05);
        bench.put(3, 0x00);
        bench.put(5, 0x00);
        bench.put(0x0b, 0x22);

        bench.clock.advance(14s + 990ms);
        CHECK_FALSE(bench.irq.asserted());
        bench.clock.advance(20ms);
        CHECK(bench.irq.asserted());
        CHECK(bench.get(0x0c) == 0xb0);
        bench.clock.advance(23h + 59min + 59s);
        CHECK_FALSE(bench.irq.asserted());
        bench.clock.advance(1s);

        CHECK(bench.irq.asserted());
    }

    TEST_CASE("alarm bytes from 0xc0 on match anything; one that matches never costs no timer") {
        RtcBench bench;
        bench.put(0x0a, 0x20);
        bench.put(1, 0x00);
        bench.put(3, 0xc0);
        bench.put(5, 0xff);
        bench.put(0x0b, 0x22);
        bench.clock.advance(10s + 1ms);
        CHECK(bench.get(0x0c) == 0xb0);
        bench.clock.advance(60s);
        CHECK(bench.get(0x0c) == 0xb0);

        bench.put(1, 0x60);

        CHECK(bench.clock.armed_timers() == 0);
        bench.clock.advance(48h);
        CHECK(bench.get(0x0c) == 0x10);
    }

    TEST_CASE("an alarm in 12-hour mode tells morning from afternoon") {
        RtcBench bench(std::chrono::seconds(1709208000));  // 12:00:00
        bench.put(0x0a, 0x20);
        bench.put(0x0b, 0x20);
        bench.put(1, 0x00);
        bench.put(3, 0x30);
        bench.put(5, 0x81);

        bench.clock.advance(1h + 29min + 59s);
        CHECK_FALSE(bench.irq.asserted());
        bench.clock.advance(1s + 1ms);

        CHECK(bench.irq.asserted());
    }

    TEST_CASE("the next alarm equals a search second by second, for random alarms") {
        Random random(146818);
        int wrong = 0;
        for (int round = 0; round < 40; ++round) {
            RtcBench bench(std::chrono::seconds(random() % 4000000000U));
            bench.put(0x0a, 0x20);
            bench.put(0x0b, 0x06);
            const unsigned alarm[] = {random() % 4 == 0 ? 0xc0 : random() % 60,
                                      random() % 4 == 0 ? 0xff : random() % 60,
                                      random() % 2 == 0 ? 0xe0 : random() % 24};
            bench.put(1, alarm[0]);
            bench.put(3, alarm[1]);
            bench.put(5, alarm[2]);
            const auto matches = [&](std::int64_t second) {
                const auto of_day = static_cast<unsigned>(second % 86400);
                return (alarm[0] >= 0xc0 || alarm[0] == of_day % 60) &&
                       (alarm[1] >= 0xc0 || alarm[1] == of_day / 60 % 60) &&
                       (alarm[2] >= 0xc0 || alarm[2] == of_day / 3600);
            };
            std::int64_t expected =
                std::chrono::duration_cast<std::chrono::seconds>(bench.clock.utc()).count() + 1;
            while (!matches(expected)) {
                ++expected;
            }
            bench.put(0x0b, 0x26);

            bench.clock.advance(std::chrono::seconds(expected) - bench.clock.utc() - 1ms);
            wrong += bench.irq.asserted() ? 1 : 0;
            bench.clock.advance(2ms);
            wrong += bench.irq.asserted() ? 0 : 1;
        }

        CHECK(wrong == 0);
    }
}
