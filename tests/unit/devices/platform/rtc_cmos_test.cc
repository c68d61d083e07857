// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/rtc_cmos: flags, interrupts, memory, reset.
#include "devices/platform/rtc_cmos.h"

#include <doctest/doctest.h>

#include <chrono>

#include "tests/unit/devices/platform/rtc_bench.h"

using namespace std::chrono_literals;
using siskin::ByteCount;
using siskin::kGiB;
using siskin::kMiB;
using siskin::test::in8;
using siskin::test::out8;
using siskin::test::Random;
using siskin::test::RtcBench;

TEST_SUITE("devices/platform/rtc_cmos") {
    TEST_CASE("UIP is seen in the last 244 us before an update, and not under SET") {
        RtcBench bench;
        bench.clock.advance(999ms);
        CHECK((bench.get(0x0a) & 0x80) == 0);
        bench.clock.advance(800us);
        CHECK((bench.get(0x0a) & 0x80) != 0);
        bench.put(0x0b, 0x82);
        CHECK((bench.get(0x0a) & 0x80) == 0);
        bench.put(0x0b, 0x02);
        bench.clock.advance(200us);

        CHECK((bench.get(0x0a) & 0x80) == 0);
        CHECK(bench.get(0) == 0x51);
    }

    TEST_CASE("the update flag rises each second and is cleared by reading, polled or not") {
        RtcBench bench;
        bench.put(0x0a, 0x20);
        CHECK(bench.get(0x0c) == 0x00);

        bench.clock.advance(1s);
        CHECK(bench.get(0x0c) == 0x10);
        CHECK(bench.get(0x0c) == 0x00);

        CHECK_FALSE(bench.irq.asserted());
        CHECK(bench.clock.armed_timers() == 0);
    }

    TEST_CASE("an enabled update interrupt comes by itself, and again only after it was read") {
        RtcBench bench;
        bench.put(0x0a, 0x20);
        bench.put(1, 0x60);
        bench.put(0x0b, 0x12);

        bench.clock.advance(1s + 1ms);
        CHECK(bench.irq.asserted());
        bench.clock.advance(100s);
        CHECK(bench.clock.expirations() == 1);
        CHECK(bench.get(0x0c) == 0x90);
        CHECK_FALSE(bench.irq.asserted());
        bench.clock.advance(1s);

        CHECK(bench.irq.asserted());
        CHECK(bench.irq.edges() == 2);
    }

    TEST_CASE("every periodic rate has its frequency (table 5)") {
        const int per_second[] = {0,   256, 128, 8192, 4096, 2048, 1024, 512,
                                  256, 128, 64,  32,   16,   8,    4,    2};
        for (unsigned rate = 0; rate < 16; ++rate) {
            RtcBench bench;
            bench.put(0x0a, 0x20 | rate);
            bench.put(0x0b, 0x42);
            int interrupts = 0;
            for (int slice = 0; slice < 5000; ++slice) {
                bench.clock.advance(50us);
                interrupts += bench.irq.asserted() ? 1 : 0;
                [[maybe_unused]] const unsigned flags = bench.get(0x0c);
            }
            CHECK(interrupts >= per_second[rate] / 4 - 1);
            CHECK(interrupts <= per_second[rate] / 4 + 1);
        }
    }

    TEST_CASE("a guest that never reads register C costs one timer expiry, at 8192 Hz too") {
        RtcBench bench;
        bench.put(0x0a, 0x23);
        bench.put(0x0b, 0x72);

        bench.clock.advance(1h);

        CHECK(bench.clock.expirations() == 1);
        CHECK(bench.irq.asserted());
    }

    TEST_CASE("SET stops updates and alarms and clears their enable, the periodic goes on") {
        RtcBench bench;

        bench.put(0x0b, 0xf2);
        bench.clock.advance(100s);

        CHECK(bench.get(0x0b) == 0xe2);
        CHECK(bench.get(0x0c) == 0xc0);
    }

    TEST_CASE("a host clock set back gives no interrupt storm and the new time") {
        RtcBench bench;
        bench.put(0x0b, 0x52);
        bench.clock.jump_utc(-1h);

        bench.clock.advance(2s);

        CHECK(bench.get(4) == 0x22);
        CHECK(bench.clock.expirations() <= 3);
    }

    TEST_CASE("the index is write-only and its top bit masks NMI only") {
        RtcBench bench;
        bench.put(0x40, 0x99);

        out8(*bench.rtc, 0, 0x80 | 0x40);

        CHECK(in8(*bench.rtc, 0) == 0xff);
        CHECK(in8(*bench.rtc, 1) == 0x99);
    }

    TEST_CASE("registers C and D are read-only, UIP too; memory keeps its bytes") {
        RtcBench bench;

        bench.put(0x0c, 0xff);
        bench.put(0x0d, 0x00);
        bench.put(0x0a, 0xa6);
        bench.put(0x0f, 0x0a);
        bench.put(0x7f, 0x5a);

        CHECK(bench.get(0x0c) == 0x00);
        CHECK(bench.get(0x0d) == 0x80);
        CHECK(bench.get(0x0a) == 0x26);
        CHECK(bench.get(0x0f) == 0x0a);
        CHECK(bench.get(0x7f) == 0x5a);
    }

    TEST_CASE("firmware finds the memory sizes in their bytes") {
        RtcBench bench;

        bench.rtc->set_memory_size(ByteCount{2 * kGiB}, ByteCount{5 * kGiB});

        CHECK((bench.get(0x15) | bench.get(0x16) << 8) == 640);
        CHECK((bench.get(0x17) | bench.get(0x18) << 8) == 0xffff);
        CHECK((bench.get(0x34) | bench.get(0x35) << 8) == (2 * kGiB - 16 * kMiB) / 65536);
        CHECK((bench.get(0x5b) | bench.get(0x5c) << 8 | bench.get(0x5d) << 16) == 5 * kGiB / 65536);
    }

    TEST_CASE("a machine of one MiB has no extended memory") {
        RtcBench bench;

        bench.rtc->set_memory_size(ByteCount{kMiB}, ByteCount{0});

        CHECK((bench.get(0x15) | bench.get(0x16) << 8) == 640);
        CHECK((bench.get(0x17) | bench.get(0x18) << 8) == 0);
        CHECK((bench.get(0x34) | bench.get(0x35) << 8) == 0);
    }

    TEST_CASE("reset drops interrupts and modes, keeps time and memory") {
        RtcBench bench;
        bench.put(0x50, 0x11);
        bench.put(0x0b, 0x76);
        bench.clock.advance(3s);
        CHECK(bench.irq.asserted());

        bench.rtc->reset();

        CHECK_FALSE(bench.irq.asserted());
        CHECK(bench.get(0x0a) == 0x26);
        CHECK(bench.get(0x0b) == 0x02);
        CHECK(bench.get(0x0c) == 0x00);
        CHECK(bench.get(0x50) == 0x11);
        CHECK(bench.get(0x00) == 0x53);
    }

    TEST_CASE("a reset while SET holds the clock lets it run on from the time it shows") {
        RtcBench bench;
        bench.put(0x0b, 0x86);
        bench.put(0, 7);

        bench.rtc->reset();
        bench.clock.advance(2s);

        CHECK(bench.get(0x00) == 0x09);
    }

    TEST_CASE("a hundred thousand random accesses keep the interrupt and flags consistent") {
        RtcBench bench;
        Random random(32768);
        int wrong = 0;
        for (int step = 0; step < 100000; ++step) {
            bench.put(random() % 16, random() & 0xff);
            bench.clock.advance(std::chrono::microseconds(random() % 3000));
            const bool asserted = bench.irq.asserted();
            const unsigned enables = bench.get(0x0b) & 0x70;
            const unsigned flags = bench.get(0x0c);
            wrong += ((flags & enables) != 0) == ((flags & 0x80) != 0) ? 0 : 1;
            wrong += asserted && (flags & 0x80) == 0 ? 1 : 0;
            wrong += bench.irq.asserted() ? 1 : 0;
        }

        CHECK(wrong == 0);
    }
}
