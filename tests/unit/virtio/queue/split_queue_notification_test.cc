// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/split_queue: who notifies whom, and when.
#include "virtio/queue/split_queue.h"

#include <doctest/doctest.h>

#include <cstdint>

#include "tests/harness/driver_queue.h"
#include "tests/harness/test_guest.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr FeatureSet kEventIndex{spec::kFeatureRingEventIdx};

}  // namespace

TEST_SUITE("virtio/queue/split_queue: notifications") {
    TEST_CASE("without event indices the driver's flag alone decides (§2.7.7.2)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();

        CHECK_FALSE(queue.should_notify());
        queue.push_used(ChainHead{0}, 0);
        CHECK(queue.should_notify());
        CHECK_FALSE(queue.should_notify());
        driver.set_available_flags(spec::kAvailableNoInterrupt);
        queue.push_used(ChainHead{0}, 0);
        CHECK_FALSE(queue.should_notify());
        // Reserved bits mean nothing.
        driver.set_available_flags(0xfffe);
        queue.push_used(ChainHead{0}, 0);
        CHECK(queue.should_notify());
    }

    TEST_CASE(
        "with event indices the window is modular, at every place of a wrap (V15, §2.7.7.2)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side(kEventIndex);
        // The flag must be ignored.
        driver.set_available_flags(spec::kAvailableNoInterrupt);
        unsigned wrong = 0;
        std::uint16_t used = 0;
        for (std::uint32_t round = 0; round < 40000; ++round) {
            const std::uint16_t before = used;
            const unsigned pushed = 1 + round % 3;
            for (unsigned count = 0; count < pushed; ++count) {
                queue.push_used(ChainHead{0}, 0);
                ++used;
            }
            // 4 before to 4 behind the entries pushed now.
            const auto event = static_cast<std::uint16_t>(before + round % 9 - 4);
            driver.set_used_event(event);
            // Is there an entry whose number is used_event?
            bool expected = false;
            for (std::uint16_t entry = before; entry != used; ++entry) {
                expected = expected || entry == event;
            }
            wrong += queue.should_notify() == expected ? 0 : 1;
        }

        CHECK(wrong == 0);
    }

    TEST_CASE("enabling notification without event indices clears the flag and looks again") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side();
        DescriptorChain chain(4);

        queue.disable_notification();
        CHECK(driver.used_flags() == spec::kUsedNoNotify);
        CHECK_FALSE(queue.enable_notification());
        CHECK(driver.used_flags() == 0);
        driver.put_available(driver.put_chain(0, {{0x1000, 1, false}}));
        CHECK(queue.enable_notification());
    }

    TEST_CASE("enabling notification with event indices asks for the next entry (§2.7.10.2)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side(kEventIndex);
        DescriptorChain chain(4);
        driver.put_available(driver.put_chain(0, {{0x1000, 1, false}}));
        REQUIRE(queue.pop(chain).outcome == Popped::Outcome::Chain);

        queue.disable_notification();
        CHECK(driver.available_event() == 0);
        CHECK_FALSE(queue.enable_notification());
        CHECK(driver.available_event() == 1);
        // §2.7.10.2: with event indices the flags stay 0.
        CHECK(driver.used_flags() == 0);
    }

    TEST_CASE("with event indices the flags become 0 whatever was there (V15, §2.7.10.2)") {
        TestGuest guest;
        DriverQueue driver(guest, 4);
        SplitQueue queue = driver.device_side(kEventIndex);
        guest.fill(driver.config().device_area.value(), 2, 0xff);

        CHECK_FALSE(queue.enable_notification());

        CHECK(driver.used_flags() == 0);
    }
}

}  // namespace siskin
