// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/interrupt_relay.
#include "virtio/transport/interrupt_relay.h"

#include <doctest/doctest.h>

#include <thread>

namespace siskin {

TEST_SUITE("virtio/transport/interrupt_relay") {
    TEST_CASE("a signal of another thread runs the call on the loop, under the lock, once") {
        EventLoop loop;
        MachineLock lock;
        EventLoopInterruptRelay relay(loop, lock);
        const EventFd event = *EventFd::create();
        unsigned calls = 0;
        bool was_locked = false;
        auto binding = relay.watch(event, [&] {
            ++calls;
            was_locked = !lock.native().try_lock();
            loop.stop();
        });
        REQUIRE(binding.has_value());

        std::thread other([&] { event.signal(); });
        loop.run();
        other.join();

        CHECK(calls == 1);
        CHECK(was_locked);
        CHECK(event.take() == 0);
    }

    TEST_CASE("a descriptor that cannot be watched is an error") {
        EventLoop loop;
        MachineLock lock;
        EventLoopInterruptRelay relay(loop, lock);
        EventFd event = *EventFd::create();
        const EventFd moved = std::move(event);

        CHECK_FALSE(relay.watch(event, [] {}).has_value());  // NOLINT: the empty one is the point
    }
}

}  // namespace siskin
