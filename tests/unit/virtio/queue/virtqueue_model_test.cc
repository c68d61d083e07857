// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/virtqueue against a model: every short sequence, and long random ones.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <random>

#include "tests/harness/ring_model.h"

namespace siskin {

namespace {

constexpr std::array kFormats{RingFormat::Split, RingFormat::Packed};
constexpr std::array kNoYes{false, true};

// How many of all sequences of `length` steps are not as the model says.
unsigned wrong_sequences(RingModel& model, unsigned length) {
    std::uint64_t count = 1;
    for (unsigned step = 0; step < length; ++step) {
        count *= RingModel::kStepCount;
    }
    unsigned wrong = 0;
    for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
        model.start_over();
        std::uint64_t left = sequence;
        for (unsigned step = 0; step < length; ++step) {
            wrong += model.take(static_cast<RingModel::Step>(left % RingModel::kStepCount)) ? 0 : 1;
            left /= RingModel::kStepCount;
        }
    }
    return wrong;
}

}  // namespace

TEST_SUITE("virtio/queue/virtqueue") {
    TEST_CASE("every sequence of five steps on a ring of 2 is as the model says (V21)") {
        for (const RingFormat format : kFormats) {
            RingModel model(format, 2, true, false);
            CHECK(wrong_sequences(model, 5) == 0);
        }
    }

    TEST_CASE(
        "every sequence of four steps on rings of 1, 2 and 4, with each choice of features (V21)") {
        for (const RingFormat format : kFormats) {
            for (const unsigned size : {1U, 2U, 4U}) {
                for (const bool event_index : kNoYes) {
                    for (const bool in_order : kNoYes) {
                        RingModel model(format, static_cast<std::uint16_t>(size), event_index,
                                        in_order);
                        CHECK(wrong_sequences(model, 4) == 0);
                    }
                }
            }
        }
    }

    TEST_CASE("70,000 requests in random order pass the wraps as the model says (V10, V21)") {
        for (const RingFormat format : kFormats) {
            for (const bool event_index : kNoYes) {
                for (const bool in_order : kNoYes) {
                    RingModel model(format, 8, event_index, in_order);
                    std::mt19937 random(20260101);
                    unsigned wrong = 0;
                    while (model.used_count() < 70000) {
                        wrong += model.take(
                                     static_cast<RingModel::Step>(random() % RingModel::kStepCount))
                                     ? 0
                                     : 1;
                        // Tables take memory that is not given back.
                        model.reuse_tables();
                    }
                    CHECK(wrong == 0);
                }
            }
        }
    }

    TEST_CASE("a packed ring whose size is no power of two is as the model says (§2.8.10.1)") {
        RingModel model(RingFormat::Packed, 5, true, false);
        std::mt19937 random(20260102);
        unsigned wrong = 0;
        while (model.used_count() < 70000) {
            wrong +=
                model.take(static_cast<RingModel::Step>(random() % RingModel::kStepCount)) ? 0 : 1;
            model.reuse_tables();
        }
        CHECK(wrong == 0);
    }
}

}  // namespace siskin
