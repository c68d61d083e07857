// SPDX-License-Identifier: Apache-2.0
// Proves notifications of virtio/queue/packed_queue, both ways.
#include <doctest/doctest.h>

#include <cstdint>

#include "tests/harness/packed_driver_queue.h"
#include "tests/harness/test_guest.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr FeatureSet kEventIndex{spec::kFeatureRingEventIdx};

constexpr std::uint32_t flags(std::uint32_t value) {
    return value << spec::kEventFlagsShift;
}

struct Bench {
    explicit Bench(std::uint16_t size, FeatureSet accepted = {})
        : driver(guest, size), queue(driver.device_side(accepted)), chain(size) {}

    void serve(std::uint16_t descriptors = 1) {
        driver.offer(0, std::vector<DriverBuffer>(descriptors, DriverBuffer{0x1000, 1, false}));
        const Popped popped = queue.pop(chain);
        REQUIRE(popped.outcome == Popped::Outcome::Chain);
        queue.push_used(popped.head, 0);
        REQUIRE(driver.take_used().has_value());
    }

    TestGuest guest;
    PackedDriverQueue driver;
    PackedQueue queue;
    DescriptorChain chain;
};

}  // namespace

TEST_SUITE("virtio/queue/packed_queue") {
    TEST_CASE("without anything used there is no interrupt") {
        Bench bench(4);

        CHECK_FALSE(bench.queue.should_notify());
    }

    TEST_CASE("flags say always or never (virtio 1.2 §2.8.14)") {
        Bench bench(4);
        bench.serve();
        CHECK(bench.queue.should_notify());
        CHECK_FALSE(bench.queue.should_notify());

        bench.driver.set_driver_event(flags(spec::kEventDisable));
        bench.serve();
        CHECK_FALSE(bench.queue.should_notify());
    }

    TEST_CASE(
        "a descriptor's event without EVENT_IDX, and reserved flags, suppress nothing (V15)") {
        Bench bench(4);
        for (const std::uint32_t event : {flags(2) | 3U, flags(3), 0xfffffffcU, 0xffff7fffU}) {
            bench.driver.set_driver_event(event);
            bench.serve();
            CHECK(bench.queue.should_notify());
        }
    }

    TEST_CASE("an event that no descriptor has does not suppress for ever (V15, V21)") {
        Bench bench(4, kEventIndex);
        for (const std::uint32_t index : {4U, 5U, 0x7fffU}) {
            bench.driver.set_driver_event(flags(spec::kEventDescriptor) | index);
            bench.serve();
            CHECK(bench.queue.should_notify());
        }
    }

    TEST_CASE("with EVENT_IDX the interrupt comes when that descriptor is used (§2.8.10)") {
        // Every position of every small ring, every distance.
        for (const unsigned size : {1U, 2U, 3U, 4U}) {
            Bench bench(static_cast<std::uint16_t>(size), kEventIndex);
            for (unsigned start = 0; start < 4 * size; ++start) {
                for (unsigned ahead = 0; ahead < size; ++ahead) {
                    auto wanted = bench.driver.next_used();
                    const unsigned at = wanted.index + ahead;
                    wanted.wrap = wanted.wrap != (at >= size);
                    wanted.index = static_cast<std::uint16_t>(at % size);
                    bench.driver.want_interrupt_at(wanted);
                    for (unsigned before = 0; before < ahead; ++before) {
                        bench.serve();
                        REQUIRE_FALSE(bench.queue.should_notify());
                    }
                    bench.serve();
                    REQUIRE(bench.queue.should_notify());
                    bench.serve();
                    REQUIRE_FALSE(bench.queue.should_notify());
                }
                bench.serve();
                [[maybe_unused]] const bool ignored = bench.queue.should_notify();
            }
        }
    }

    TEST_CASE("an event inside a list counts when the list is used (§2.8.10)") {
        Bench bench(4, kEventIndex);
        bench.driver.want_interrupt_at({2, true});

        bench.serve(3);

        CHECK(bench.queue.should_notify());
    }

    TEST_CASE("a batch of more than the ring is an interrupt") {
        Bench bench(2, kEventIndex);
        bench.driver.want_interrupt_at({1, true});
        for (int count = 0; count < 9; ++count) {
            bench.serve();
        }

        CHECK(bench.queue.should_notify());
    }

    TEST_CASE("the device says what it wants in its event structure (§2.8.14)") {
        Bench plain(4);
        plain.queue.disable_notification();
        CHECK(plain.driver.device_event() == flags(spec::kEventDisable));
        CHECK_FALSE(plain.queue.enable_notification());
        CHECK(plain.driver.device_event() == flags(spec::kEventEnable));

        Bench indexed(3, kEventIndex);
        indexed.serve();
        CHECK_FALSE(indexed.queue.enable_notification());
        CHECK(indexed.driver.device_event() == (flags(spec::kEventDescriptor) | 0x8000U | 1U));
        indexed.serve(2);
        CHECK_FALSE(indexed.queue.enable_notification());
        CHECK(indexed.driver.device_event() == flags(spec::kEventDescriptor));
    }

    TEST_CASE("what was offered before notifications were enabled is told of (§2.8.10)") {
        Bench bench(4);
        bench.queue.disable_notification();
        bench.driver.offer(0, {{0x1000, 1, false}});

        CHECK(bench.queue.enable_notification());
    }
}

}  // namespace siskin
