// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/image_lock: every pair of uses of one image.
#include "devices/block/image_lock.h"

#include <doctest/doctest.h>

#include <fcntl.h>

#include "tests/unit/devices/block/temporary_file.h"

namespace siskin {
namespace {

constexpr ImageUse kReads{false, false};
constexpr ImageUse kReadsShared{false, true};
constexpr ImageUse kWrites{true, false};
constexpr ImageUse kWritesShared{true, true};

// Whether the second may use the image while the first does.
bool go_together(ImageUse first, ImageUse second) {
    const TemporaryFile image(512);
    const Fd one = *open_file(image.path(), O_RDWR);
    const Fd two = *open_file(image.path(), O_RDWR);
    REQUIRE(lock_image(one, image.path(), first).has_value());
    return lock_image(two, image.path(), second).has_value();
}

}  // namespace

TEST_SUITE("devices/block/image_lock") {
    TEST_CASE("two uses go together when each lets the other do what it does") {
        CHECK(go_together(kReads, kReads));
        CHECK(go_together(kReads, kReadsShared));
        CHECK_FALSE(go_together(kReads, kWrites));
        CHECK_FALSE(go_together(kReads, kWritesShared));
        CHECK(go_together(kReadsShared, kReads));
        CHECK(go_together(kReadsShared, kReadsShared));
        CHECK(go_together(kReadsShared, kWrites));
        CHECK(go_together(kReadsShared, kWritesShared));
        CHECK_FALSE(go_together(kWrites, kReads));
        CHECK(go_together(kWrites, kReadsShared));
        CHECK_FALSE(go_together(kWrites, kWrites));
        CHECK_FALSE(go_together(kWrites, kWritesShared));
        CHECK_FALSE(go_together(kWritesShared, kReads));
        CHECK(go_together(kWritesShared, kReadsShared));
        CHECK_FALSE(go_together(kWritesShared, kWrites));
        CHECK(go_together(kWritesShared, kWritesShared));
    }

    TEST_CASE("letting go frees the image for others") {
        const TemporaryFile image(512);
        const Fd one = *open_file(image.path(), O_RDWR);
        const Fd two = *open_file(image.path(), O_RDWR);
        REQUIRE(lock_image(one, image.path(), kWrites).has_value());

        unlock_image(one);

        CHECK(lock_image(two, image.path(), kWrites).has_value());
    }
}

}  // namespace siskin
