// SPDX-License-Identifier: Apache-2.0
// Proves virtio/features.
#include "virtio/features.h"

#include <doctest/doctest.h>

#include <cstdint>

#include "virtio/spec.h"

using siskin::FeatureNegotiation;
using siskin::FeatureSet;

namespace {

constexpr FeatureSet kOffered{3, 28, 32};

}  // namespace

TEST_SUITE("virtio/features") {
    TEST_CASE("windows 0 and 1 show the 64 bits, others nothing (T06, virtio 1.2 §4.1.4.3)") {
        FeatureNegotiation features(kOffered);

        CHECK(features.read_offered(0) == (1U << 3 | 1U << 28));
        CHECK(features.read_offered(1) == 1);
        CHECK(features.read_offered(2) == 0);
        CHECK(features.read_offered(0xffffffff) == 0);
        features.write_accepted(2, 0xffffffff);
        features.write_accepted(0xffffffff, 0xffffffff);
        CHECK(features.accepted().bits() == 0);
    }

    TEST_CASE("a subset with VERSION_1 is acceptable, whatever else is not (T06, §2.2.2, §6.1)") {
        FeatureNegotiation features(kOffered);

        CHECK_FALSE(features.is_acceptable());
        features.write_accepted(1, 1);
        CHECK(features.is_acceptable());
        features.write_accepted(0, 1U << 3);
        CHECK(features.is_acceptable());
        features.write_accepted(0, 1U << 4);
        CHECK_FALSE(features.is_acceptable());
        features.write_accepted(0, 0xffffffff);
        CHECK_FALSE(features.is_acceptable());
        features.write_accepted(0, 1U << 28);
        CHECK(features.is_acceptable());
        features.write_accepted(1, 0);
        CHECK_FALSE(features.is_acceptable());
    }

    TEST_CASE("ACCESS_PLATFORM is insisted on where it is offered (§6.2)") {
        FeatureNegotiation features(FeatureSet{3, 32, 33});

        features.write_accepted(1, 1);
        CHECK_FALSE(features.is_acceptable());
        features.write_accepted(1, 3);
        CHECK(features.is_acceptable());
        features.write_accepted(1, 2);
        CHECK_FALSE(features.is_acceptable());
    }

    TEST_CASE("a frozen choice stays until reset (T06)") {
        FeatureNegotiation features(kOffered);
        features.write_accepted(1, 1);
        features.freeze();

        features.write_accepted(0, 1U << 3);
        CHECK(features.accepted() == FeatureSet{32});
        features.reset();
        features.write_accepted(0, 1U << 3);
        CHECK(features.accepted() == FeatureSet{3});
    }

    TEST_CASE("a set holds bits 0 to 63") {
        FeatureSet set{0, 63};

        CHECK(set.has(0));
        CHECK(set.has(63));
        CHECK_FALSE(set.has(32));
        set.remove(63);
        CHECK(set == FeatureSet{0});
        CHECK(FeatureSet{0, 1}.contains(set));
        CHECK_FALSE(set.contains(FeatureSet{1}));
    }
}
