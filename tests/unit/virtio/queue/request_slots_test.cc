// SPDX-License-Identifier: Apache-2.0
// Proves virtio/queue/request_slots.
#include "virtio/queue/request_slots.h"

#include <doctest/doctest.h>

#include <vector>

namespace siskin {
namespace {

struct Slot : RequestSlot<Slot> {};

using Numbers = std::vector<std::uint64_t>;

Numbers retry_all(RequestSlots<Slot>& slots) {
    Numbers numbers;
    slots.retry_kept([&](Slot& slot) { numbers.push_back(slot.number); });
    return numbers;
}

}  // namespace

TEST_SUITE("virtio/queue/request_slots") {
    TEST_CASE("there are as many as was said, each with buffers of its own, again and again") {
        RequestSlots<Slot> slots(3, 2);
        for (int round = 0; round < 2; ++round) {
            Slot& first = slots.take();
            Slot& second = slots.take();
            Slot& third = slots.take();
            CHECK_FALSE(slots.has_room());
            CHECK(slots.in_flight() == 3);
            CHECK(&second != &third);
            CHECK(second.iovecs - first.iovecs >= 2);
            CHECK(third.iovecs - second.iovecs >= 2);
            slots.give_back(third);
            slots.give_back(second);
            slots.give_back(first);
            CHECK(slots.in_flight() == 0);
        }
        CHECK(slots.all().size() == 3);
    }

    TEST_CASE("what was kept is tried again in the order of its arrival (B06)") {
        RequestSlots<Slot> slots(4, 1);
        std::vector<Slot*> taken;
        for (int count = 0; count < 4; ++count) {
            taken.push_back(&slots.take());
        }

        slots.keep(*taken[2]);
        slots.keep(*taken[0]);
        slots.keep(*taken[3]);
        CHECK(slots.in_flight() == 1);
        CHECK_FALSE(slots.has_room());

        CHECK(retry_all(slots) == Numbers{0, 2, 3});
        CHECK(slots.in_flight() == 4);
        CHECK(retry_all(slots).empty());
    }

    TEST_CASE("what is kept once more waits for the next time") {
        RequestSlots<Slot> slots(2, 1);
        Slot& first = slots.take();
        Slot& second = slots.take();
        slots.keep(first);
        slots.keep(second);
        unsigned tried = 0;

        slots.retry_kept([&](Slot& slot) {
            ++tried;
            slots.keep(slot);
        });

        CHECK(tried == 2);
        CHECK(slots.in_flight() == 0);
        unsigned kept = 0;
        slots.for_each_kept([&](Slot&) { ++kept; });
        CHECK(kept == 2);
        CHECK(retry_all(slots) == Numbers{0, 1});
    }
}

}  // namespace siskin
