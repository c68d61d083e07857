// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/device_status against a model written from the specification's order.
#include "virtio/transport/device_status.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>

#include "virtio/spec.h"

using siskin::DeviceStatus;

namespace spec = siskin::virtio_spec;

namespace {

// The six states a driver can bring a device into; the status bits follow from the state.
enum class State { Reset, Acknowledged, Driver, FeaturesOk, DriverOk };
struct Model {
    State state = State::Reset;
    bool failed = false;

    [[nodiscard]] unsigned bits() const {
        static constexpr unsigned kBits[] = {0, 1, 3, 11, 15};
        return kBits[static_cast<int>(state)] | (failed ? 128U : 0U);
    }
    void write(unsigned value, bool features_acceptable) {
        static constexpr unsigned kNext[] = {1, 2, 8, 4};
        if (value == 0) {
            *this = Model();
            return;
        }
        if (failed || (bits() & ~value) != 0) {
            return;
        }
        failed = (value & 128) != 0;
        while (!failed && state != State::DriverOk) {
            const auto step = static_cast<unsigned>(state);
            if ((value & kNext[step]) == 0 || (state == State::Driver && !features_acceptable)) {
                return;
            }
            state = static_cast<State>(step + 1);
        }
    }
};

}  // namespace

TEST_SUITE("virtio/transport/device_status") {
    TEST_CASE("the order of §3.1.1 leads to DRIVER_OK, one write each") {
        DeviceStatus status;

        CHECK_FALSE(status.write(1, true).features_ok);
        CHECK_FALSE(status.write(3, true).features_ok);
        CHECK(status.write(11, true).features_ok);
        const auto effect = status.write(15, true);
        CHECK(effect.driver_ok);
        CHECK_FALSE(effect.features_ok);
        CHECK(status.value() == 15);
        // Again is nothing new.
        CHECK_FALSE(status.write(15, true).driver_ok);
    }

    TEST_CASE("FEATURES_OK is not set when the features cannot be had (§2.2.2)") {
        DeviceStatus status;
        status.write(3, true);

        CHECK_FALSE(status.write(11, false).features_ok);
        CHECK(status.value() == 3);
        // And so DRIVER_OK is not either.
        CHECK_FALSE(status.write(15, false).driver_ok);
        CHECK(status.value() == 3);
    }

    TEST_CASE("a driver cannot set DEVICE_NEEDS_RESET") {
        DeviceStatus status;

        status.write(1 | spec::kStatusNeedsReset, true);

        CHECK(status.value() == 1);
    }

    TEST_CASE("after FAILED only a reset counts") {
        DeviceStatus status;
        status.write(3, true);
        status.write(3 | spec::kStatusFailed, true);

        CHECK_FALSE(status.write(0x8b, true).features_ok);
        CHECK(status.value() == 0x83);
        CHECK(status.write(0, true).reset);
    }

    TEST_CASE("a legacy driver has no FEATURES_OK and no order, and keeps what lasts (§3.1.2)") {
        DeviceStatus status;

        CHECK(status.write_legacy(1 | 2).driver);
        CHECK_FALSE(status.write_legacy(2).driver);
        CHECK(status.value() == 2);
        CHECK(status.write_legacy(0x7e).driver_ok);
        CHECK(status.value() == 6);
        CHECK_FALSE(status.write_legacy(7).driver_ok);
        CHECK(status.write_legacy(1).driver_ok == false);
        CHECK(status.value() == 5);
        CHECK(status.write_legacy(0).reset);
        status.clear();
        const DeviceStatus::Effect failed = status.write_legacy(0x87);
        CHECK_FALSE(failed.driver);
        CHECK_FALSE(failed.driver_ok);
        status.write_legacy(1);
        CHECK(status.value() == 0x87);
        CHECK(status.write_legacy(0).reset);
    }

    TEST_CASE("a million random writes do what the model does (T05)") {
        std::mt19937 random(20221);
        DeviceStatus status;
        Model model;
        unsigned wrong = 0;
        for (int step = 0; step < 1'000'000; ++step) {
            const auto pick = static_cast<std::uint32_t>(random());
            // Mostly the next likely value, sometimes anything.
            static constexpr std::uint8_t kLikely[] = {0, 1, 3, 11, 15, 15, 143, 7};
            const auto value =
                static_cast<std::uint8_t>((pick & 0x300) == 0 ? pick : kLikely[pick >> 16 & 7]);
            const bool acceptable = (pick & 0x1000) != 0;
            const unsigned before = model.bits();

            const DeviceStatus::Effect effect = status.write(value, acceptable);
            model.write(value, acceptable);
            if (effect.reset) {
                status.clear();
            }

            const unsigned fresh = model.bits() & ~before;
            wrong += status.value() == model.bits() && effect.reset == (value == 0) &&
                             effect.features_ok == ((fresh & 8) != 0) &&
                             effect.driver_ok == ((fresh & 4) != 0)
                         ? 0
                         : 1;
        }

        CHECK(wrong == 0);
    }
}
