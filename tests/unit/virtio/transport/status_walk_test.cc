// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/common_config beside an automaton written from the specification: status
// and features, in any order, of any value, also while a reset takes its time.
#include <doctest/doctest.h>

#include <cstdint>
#include <random>

#include "tests/unit/virtio/transport/common_config_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint64_t kOffered = 1ULL << 5 | 1ULL << spec::kFeatureVersion1;
constexpr unsigned kSteps = 300'000;

// virtio 1.2 §2.1, §2.2, §3.1.1, §4.1.4.3. Counts what must be set in motion.
class Automaton {
public:
    void write_status(unsigned value) {
        if (resetting) {
            return;
        }
        if (value == 0) {
            resetting = true;
            ++resets;
        } else if ((status & 128) == 0 && (status & ~value) == 0) {
            // FAILED ends it; else as far as the order goes.
            if ((value & 128) != 0) {
                status |= 128;
                return;
            }
            advance(value);
        }
    }
    void write_feature(std::uint32_t bits) {
        if (!resetting && !frozen && driver_window <= 1) {
            const unsigned shift = driver_window * 32;
            accepted = (accepted & ~(0xffffffffULL << shift)) | std::uint64_t{bits} << shift;
        }
    }
    void choose(std::uint32_t& window, std::uint32_t value) const {
        window = resetting ? window : value;
    }
    void end_reset() {
        const Automaton before = *this;
        *this = Automaton();
        resets = before.resets;
        features_oks = before.features_oks;
        driver_oks = before.driver_oks;
    }
    static std::uint32_t shown(std::uint64_t features, std::uint32_t window) {
        return window <= 1 ? static_cast<std::uint32_t>(features >> (window * 32)) : 0;
    }

    unsigned status = 0;
    std::uint64_t accepted = 0;
    std::uint32_t device_window = 0;
    std::uint32_t driver_window = 0;
    bool frozen = false;
    bool resetting = false;
    unsigned resets = 0;
    unsigned features_oks = 0;
    unsigned driver_oks = 0;

private:
    void advance(unsigned value) {
        static constexpr unsigned kOrder[] = {1, 2, 8, 4};
        for (const unsigned bit : kOrder) {
            if ((status & bit) != 0) {
                continue;
            }
            const bool acceptable =
                (accepted & ~kOffered) == 0 && (accepted >> spec::kFeatureVersion1 & 1) != 0;
            if ((value & bit) == 0 || (bit == 8 && !acceptable)) {
                return;
            }
            status |= bit;
            frozen = frozen || bit == 8;
            features_oks += bit == 8 ? 1 : 0;
            driver_oks += bit == 4 ? 1 : 0;
        }
    }
};

struct Walk {
    explicit Walk(std::uint64_t seed) : random(seed) {}

    // Mostly what a driver may well write, else anything.
    std::uint32_t one_of(std::initializer_list<std::uint32_t> likely) {
        const auto pick = static_cast<std::uint32_t>(random());
        return pick % 8 == 0 ? static_cast<std::uint32_t>(random())
                             : *(likely.begin() + (pick >> 3) % likely.size());
    }
    void step() {
        switch (random() % 8) {
            case 0:
            case 1:
            case 2: {
                const std::uint32_t value = one_of({0, 1, 3, 11, 15, 15, 7, 64, 128 | 15}) & 0xff;
                bench.set_status(static_cast<std::uint8_t>(value));
                model.write_status(value);
                break;
            }
            case 3:
            case 4: {
                const std::uint32_t bits = one_of({0, 1, 1, 1U << 5, 0xffffffff});
                bench.set(spec::kCommonDriverFeature, 4, bits);
                model.write_feature(bits);
                break;
            }
            case 5: {
                const std::uint32_t window = one_of({0, 1, 1, 2, 0xffffffff});
                bench.set(spec::kCommonDriverFeatureSelect, 4, window);
                model.choose(model.driver_window, window);
                break;
            }
            case 6: {
                const std::uint32_t window = one_of({0, 1, 2, 0x80000000});
                bench.set(spec::kCommonDeviceFeatureSelect, 4, window);
                model.choose(model.device_window, window);
                break;
            }
            default:
                if (model.resetting) {
                    bench.common.finish_reset();
                    model.end_reset();
                } else {
                    // Of no width that the field has, and read-only: nothing.
                    bench.set(spec::kCommonDeviceStatus, 2, random());
                    bench.set(spec::kCommonDriverFeature, 2, random());
                    bench.set(spec::kCommonDeviceFeature, 4, random());
                }
        }
    }
    bool agrees() {
        const CountingOwner& owner = bench.owner;
        return bench.get(spec::kCommonDeviceStatus, 1) == model.status &&
               bench.get(spec::kCommonDriverFeature, 4) ==
                   Automaton::shown(model.accepted, model.driver_window) &&
               bench.get(spec::kCommonDeviceFeature, 4) ==
                   Automaton::shown(kOffered, model.device_window) &&
               bench.get(spec::kCommonDriverFeatureSelect, 4) == model.driver_window &&
               bench.get(spec::kCommonDeviceFeatureSelect, 4) == model.device_window &&
               owner.resets == model.resets && owner.features_oks == model.features_oks &&
               owner.driver_oks == model.driver_oks;
    }

    std::mt19937_64 random;
    CommonConfigBench bench;
    Automaton model;
};

}  // namespace

TEST_SUITE("virtio/transport/common_config: a random walk") {
    TEST_CASE(
        "300,000 random writes of status and features do what the automaton does (T05, T06)") {
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            CAPTURE(seed);
            Walk walk(seed);
            unsigned disagreed = 0;
            for (unsigned step = 0; step < kSteps / 3 && disagreed == 0; ++step) {
                walk.step();
                CAPTURE(step);
                disagreed += walk.agrees() ? 0 : 1;
            }

            CHECK(disagreed == 0);
            // It has been everywhere.
            CHECK(walk.model.driver_oks > 30);
            CHECK(walk.model.resets > 1000);
        }
    }
}

}  // namespace siskin
