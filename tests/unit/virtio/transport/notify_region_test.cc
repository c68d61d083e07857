// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/notify_region.
#include "virtio/transport/notify_region.h"

#include <doctest/doctest.h>

#include <cstdint>

#include "tests/harness/driver_pci.h"

namespace siskin {

namespace {

constexpr std::uint64_t kBase = 0xe0003000;

struct Bench {
    explicit Bench(bool with_registry = true)
        : region(*NotifyRegion::create(3, with_registry ? &doorbells : nullptr, "test")) {}

    FakeDoorbells doorbells;
    std::unique_ptr<NotifyRegion> region;
};

}  // namespace

TEST_SUITE("virtio/transport/notify_region") {
    TEST_CASE("doorbells exist for armed queues while the region is mapped") {
        Bench bench;
        bench.region->arm(0);
        CHECK(bench.doorbells.bound().empty());
        bench.region->move_to(GuestAddress{kBase});
        REQUIRE(bench.doorbells.bound().size() == 1);
        bench.region->arm(2);
        REQUIRE(bench.doorbells.bound().size() == 2);
        CHECK(bench.doorbells.bound()[0].address == GuestAddress{kBase});
        CHECK(bench.doorbells.bound()[1].address == GuestAddress{kBase + 8});

        bench.region->move_to(std::nullopt);
        CHECK(bench.doorbells.bound().empty());
        bench.region->move_to(GuestAddress{kBase + 0x10000});
        CHECK(bench.doorbells.bound().size() == 2);
        bench.region->disarm_all();
        CHECK(bench.doorbells.bound().empty());
    }

    TEST_CASE("of a legacy driver's queues the doorbells are at the port, each with its number") {
        Bench bench;
        bench.region->move_to(GuestAddress{kBase});
        bench.region->move_to(GuestAddress{0x1010}, DoorbellSpace::Ports);
        bench.region->arm(0, DoorbellSpace::Ports);
        bench.region->arm(2, DoorbellSpace::Ports);

        const auto bound = bench.doorbells.bound();
        REQUIRE(bound.size() == 2);
        CHECK(bound[1].space == DoorbellSpace::Ports);
        CHECK(bound[1].address == GuestAddress{0x1010});
        CHECK(bound[1].width == 2);
        CHECK(bound[1].match == 2);
        CHECK(bench.doorbells.ring(0x1010, 2, 2, DoorbellSpace::Ports));
        CHECK(bench.region->kick(2).take() == 1);
        CHECK(bench.region->kick(0).take() == 0);

        bench.region->move_to(std::nullopt);
        CHECK(bench.doorbells.bound().size() == 2);
        bench.region->move_to(GuestAddress{0x2010}, DoorbellSpace::Ports);
        CHECK(bench.doorbells.bound()[0].address == GuestAddress{0x2010});
        bench.region->move_to(std::nullopt, DoorbellSpace::Ports);
        CHECK(bench.doorbells.bound().empty());
        bench.region->ring(2);
        bench.region->ring(1);
        bench.region->ring(3);
        CHECK(bench.region->kick(2).take() == 1);
        CHECK(bench.region->kick(1).take() == 0);
    }

    TEST_CASE("arming twice binds once (T04)") {
        Bench bench;
        bench.region->move_to(GuestAddress{kBase});

        bench.region->arm(1);
        bench.region->arm(1);

        CHECK(bench.region->bound_count() == 1);
        CHECK(bench.doorbells.bound().size() == 1);
    }

    TEST_CASE("a doorbell and a handled write signal the same kick") {
        Bench bench;
        bench.region->move_to(GuestAddress{kBase});
        bench.region->arm(1);

        CHECK(bench.doorbells.ring(kBase + 4, 2, 1));
        bench.region->write(IoAccess{4, 2}, 1);

        CHECK(bench.region->kick(1).take() == 2);
    }

    TEST_CASE("the value of a notification is never looked at (NOTIFICATION_DATA, §4.1.5.2)") {
        Bench bench;
        bench.region->move_to(GuestAddress{kBase});
        bench.region->arm(1);

        for (const std::uint32_t value : {1U, 0x80050001U, 0U, 0xffffffffU}) {
            CHECK(bench.doorbells.ring(kBase + 4, 4, value));
            bench.region->write(IoAccess{4, 4}, value);
        }

        CHECK(bench.region->kick(1).take() == 8);
        CHECK_FALSE(bench.doorbells.bound()[0].match.has_value());
    }

    TEST_CASE("a disarmed queue has no doorbell, and its neighbours keep theirs") {
        Bench bench;
        bench.region->move_to(GuestAddress{kBase});
        bench.region->arm(0);
        bench.region->arm(1);

        bench.region->disarm(0);
        bench.region->write(IoAccess{0, 2}, 0);

        CHECK(bench.region->kick(0).take() == 0);
        REQUIRE(bench.doorbells.bound().size() == 1);
        CHECK(bench.doorbells.bound()[0].address == GuestAddress{kBase + 4});
    }

    TEST_CASE("without doorbells in the kernel writes still ring") {
        Bench bench(false);
        bench.region->move_to(GuestAddress{kBase});
        bench.region->arm(0);
        CHECK(bench.region->bound_count() == 0);

        bench.region->write(IoAccess{0, 2}, 0);

        CHECK(bench.region->kick(0).take() == 1);
    }

    TEST_CASE("a refused doorbell leaves the writes working") {
        Bench bench;
        bench.doorbells.refusals = 1;
        bench.region->move_to(GuestAddress{kBase});

        bench.region->arm(0);
        bench.region->arm(1);
        bench.region->write(IoAccess{0, 2}, 0);

        CHECK(bench.region->bound_count() == 1);
        CHECK(bench.region->kick(0).take() == 1);
    }

    TEST_CASE("unarmed queues, queues that do not exist and odd offsets do nothing (T14, V14)") {
        Bench bench;
        bench.region->arm(0);
        for (std::uint64_t offset = 1; offset < 0x1000; ++offset) {
            bench.region->write(IoAccess{offset, 2}, 0);
        }
        CHECK(bench.region->kick(0).take() == 0);
        CHECK(bench.region->kick(1).take() == 0);
        CHECK(bench.region->kick(2).take() == 0);
        CHECK(bench.region->read(IoAccess{0, 4}) == 0);
    }

    TEST_CASE("a kick from before is forgotten when the queue is armed") {
        Bench bench;
        bench.region->kick(0).signal();

        bench.region->arm(0);

        CHECK(bench.region->kick(0).take() == 0);
    }
}

}  // namespace siskin
