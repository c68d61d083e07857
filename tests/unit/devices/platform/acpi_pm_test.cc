// SPDX-License-Identifier: Apache-2.0
// Proves devices/platform/acpi_pm.
#include "devices/platform/acpi_pm.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>

#include "tests/unit/devices/platform/platform_bench.h"

using siskin::AcpiPm;
using siskin::IoAccess;
using siskin::test::FakeClock;
using siskin::test::FakeIrq;
using siskin::test::in8;
using siskin::test::out8;
using siskin::test::Random;
using siskin::test::RecordingRequests;

namespace {

constexpr unsigned kStatus = 0x00;
constexpr unsigned kEnable = 0x02;
constexpr unsigned kControl = 0x04;
constexpr unsigned kTimer = 0x08;
constexpr unsigned kGpeStatus = 0x20;
constexpr unsigned kGpeEnable = 0x28;
constexpr unsigned kPowerButton = 0x0100;
constexpr std::uint64_t kHz = 3579545;

struct PmBench {
    explicit PmBench(AcpiPm::TimerWidth width = AcpiPm::TimerWidth::Bits24)
        : pm(std::move(*AcpiPm::create(sci, clock, requests, width))) {}

    std::uint64_t in16(unsigned offset) const { return pm->read(IoAccess{offset, 2}); }
    void out16(unsigned offset, unsigned value) const { pm->write(IoAccess{offset, 2}, value); }
    std::uint64_t timer() const { return pm->read(IoAccess{kTimer, 4}); }

    FakeIrq sci;
    FakeClock clock;
    RecordingRequests requests;
    std::unique_ptr<AcpiPm> pm;
};

}  // namespace

TEST_SUITE("devices/platform/acpi_pm") {
    TEST_CASE("the machine starts in ACPI mode, and SCI_EN cannot be cleared (§4.8.3.2.1)") {
        PmBench bench;
        CHECK(bench.in16(kControl) == 0x0001);

        bench.out16(kControl, 0x0000);

        CHECK(bench.in16(kControl) == 0x0001);
    }

    TEST_CASE("the power button sets its status; the SCI follows the enable bit (§4.8.3.1)") {
        PmBench bench;

        bench.pm->press_power_button();
        CHECK(bench.in16(kStatus) == kPowerButton);
        CHECK_FALSE(bench.sci.asserted());
        bench.out16(kEnable, kPowerButton);
        CHECK(bench.sci.asserted());
        bench.out16(kStatus, kPowerButton);

        CHECK_FALSE(bench.sci.asserted());
        CHECK(bench.in16(kStatus) == 0);
        CHECK(bench.in16(kEnable) == kPowerButton);
    }

    TEST_CASE("status bits are cleared by ones alone, and by none of their neighbours") {
        PmBench bench;
        bench.pm->press_power_button();

        bench.out16(kStatus, static_cast<unsigned>(~kPowerButton) & 0xffff);
        CHECK(bench.in16(kStatus) == kPowerButton);
        out8(*bench.pm, kStatus + 1, 0x01);

        CHECK(bench.in16(kStatus) == 0);
    }

    TEST_CASE("pressing the button twice before the guest looks is one event") {
        PmBench bench;
        bench.out16(kEnable, kPowerButton);

        bench.pm->press_power_button();
        bench.pm->press_power_button();
        CHECK(bench.sci.edges() == 1);
        bench.out16(kStatus, kPowerButton);
        bench.pm->press_power_button();

        CHECK(bench.sci.edges() == 2);
    }

    TEST_CASE("SLP_EN with S5's type asks for a shutdown, and reads as 0 (§4.8.3.2.1)") {
        PmBench bench;

        bench.out16(kControl, 0x2000 | AcpiPm::kSleepTypeS5 << 10);

        CHECK(bench.requests.shutdowns == 1);
        CHECK(bench.in16(kControl) == 0x0001);
    }

    TEST_CASE("SLP_EN in a byte or a dword access works, too") {
        PmBench bench;

        out8(*bench.pm, kControl + 1, 0x20);
        bench.pm->write(IoAccess{kControl, 4}, 0x2000);
        bench.pm->write(IoAccess{kStatus, 8}, 0x0000200000000000);

        CHECK(bench.requests.shutdowns == 3);
    }

    TEST_CASE("a sleep type without SLP_EN, and SLP_EN with another type, do nothing") {
        PmBench bench;

        bench.out16(kControl, 0x1c00);
        CHECK(bench.in16(kControl) == 0x1c01);
        bench.out16(kControl, 0x2000 | 5U << 10);
        out8(*bench.pm, kControl, 0x20);
        bench.out16(kControl + 2, 0x2000);

        CHECK(bench.requests.shutdowns == 0);
    }

    TEST_CASE("the timer counts 3.579545 MHz and wraps at 24 bits (§4.8.3.3)") {
        PmBench bench;
        CHECK(bench.timer() == 0);

        bench.clock.advance(std::chrono::seconds(1));
        CHECK(bench.timer() == kHz);
        bench.clock.advance(std::chrono::seconds(9));

        CHECK(bench.timer() == 10 * kHz % (1U << 24));
    }

    TEST_CASE("a 32-bit timer does not wrap at 24 bits") {
        PmBench bench(AcpiPm::TimerWidth::Bits32);

        bench.clock.advance(std::chrono::seconds(10));

        CHECK(bench.timer() == 10 * kHz);
    }

    TEST_CASE("after three years the timer is still exact") {
        PmBench bench(AcpiPm::TimerWidth::Bits32);
        static constexpr std::uint64_t kSeconds = 3ULL * 365 * 86400;

        bench.clock.advance(std::chrono::seconds(kSeconds));

        CHECK(bench.timer() == (kSeconds * kHz & 0xffffffff));
    }

    TEST_CASE("the timer's highest bit changing either way sets TMR_STS (§4.8.3.3)") {
        PmBench bench;
        static constexpr auto kHalf = std::chrono::nanoseconds((1ULL << 23) * 1000000000 / kHz);

        bench.clock.advance(kHalf - std::chrono::microseconds(1));
        CHECK(bench.in16(kStatus) == 0);
        bench.clock.advance(std::chrono::microseconds(2));
        CHECK(bench.in16(kStatus) == 1);
        bench.out16(kStatus, 1);
        CHECK(bench.in16(kStatus) == 0);
        bench.clock.advance(kHalf);

        CHECK(bench.in16(kStatus) == 1);
    }

    TEST_CASE("an enabled overflow raises the SCI by itself, then waits for the guest") {
        PmBench bench;
        CHECK(bench.clock.armed_timers() == 0);
        bench.out16(kEnable, 0x0001);
        CHECK(bench.clock.armed_timers() == 1);

        bench.clock.advance(std::chrono::milliseconds(2344));
        CHECK(bench.sci.asserted());
        bench.clock.advance(std::chrono::minutes(10));
        CHECK(bench.clock.expirations() == 1);
        bench.out16(kStatus, 0x0001);
        CHECK_FALSE(bench.sci.asserted());
        bench.clock.advance(std::chrono::milliseconds(2344));

        CHECK(bench.sci.asserted());
        CHECK(bench.sci.edges() == 2);
    }

    TEST_CASE("the timer is read-only, in bytes as in a dword") {
        PmBench bench;
        bench.clock.advance(std::chrono::seconds(1));

        bench.pm->write(IoAccess{kTimer, 4}, 0);

        CHECK(bench.timer() == kHz);
        CHECK(in8(*bench.pm, kTimer) == (kHz & 0xff));
        CHECK(in8(*bench.pm, kTimer + 2) == (kHz >> 16 & 0xff));
    }

    TEST_CASE("a general-purpose event raises the SCI when enabled and is cleared by a one") {
        PmBench bench;

        bench.pm->raise_gpe(1);
        bench.pm->raise_gpe(63);
        CHECK_FALSE(bench.sci.asserted());
        out8(*bench.pm, kGpeEnable + 7, 0x80);
        CHECK(bench.sci.asserted());
        out8(*bench.pm, kGpeStatus + 7, 0x80);

        CHECK_FALSE(bench.sci.asserted());
        CHECK(bench.pm->read(IoAccess{kGpeStatus, 8}) == 0x02);
    }

    TEST_CASE("an event number beyond the block is ignored") {
        PmBench bench;

        bench.pm->raise_gpe(64);
        bench.pm->raise_gpe(~0U);

        CHECK(bench.pm->read(IoAccess{kGpeStatus, 8}) == 0);
    }

    TEST_CASE("reserved registers read 0 and take no write (C10)") {
        PmBench bench;

        for (unsigned offset = 0x0c; offset < 0x20; offset += 4) {
            bench.pm->write(IoAccess{offset, 4}, 0xffffffff);
            CHECK(bench.pm->read(IoAccess{offset, 4}) == 0);
        }
        for (unsigned offset = 0x30; offset < 0x80; offset += 8) {
            bench.pm->write(IoAccess{offset, 8}, ~std::uint64_t{0});
            CHECK(bench.pm->read(IoAccess{offset, 8}) == 0);
        }
        CHECK(bench.requests.shutdowns == 0);
    }

    TEST_CASE("reset gives the power-on registers, whatever was written before") {
        PmBench bench;
        Random random(9);
        for (int step = 0; step < 100000; ++step) {
            const unsigned width = 1U << random() % 4;
            const unsigned offset = random() % 128 / width * width;
            bench.pm->write(IoAccess{offset, width}, random() * 0x100000001ULL);
            bench.clock.advance(std::chrono::microseconds(random() % 1000));
        }
        bench.pm->press_power_button();

        bench.pm->reset();

        CHECK_FALSE(bench.sci.asserted());
        CHECK(bench.pm->read(IoAccess{0x00, 8}) == 0x0000000100000000);
        CHECK(bench.pm->read(IoAccess{kGpeStatus, 8}) == 0);
        CHECK(bench.pm->read(IoAccess{kGpeEnable, 8}) == 0);
        CHECK(bench.clock.armed_timers() == 0);
    }
}
