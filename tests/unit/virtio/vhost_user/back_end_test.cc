// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/back_end over a chardev, with the back end on a thread of its own.
#include "virtio/vhost_user/back_end.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/unit/virtio/vhost_user/served_back_end.h"

namespace siskin::test {

TEST_SUITE("virtio/vhost_user/back_end") {
    TEST_CASE("a disk is known from the loop, without anybody waiting") {
        ServedBackEnd bench;
        auto back_end = bench.create();
        REQUIRE(back_end.has_value());
        std::optional<Result<>> told;

        (*back_end)->when_known([&](Result<> known) { told = std::move(known); });

        REQUIRE(bench.turn_until([&] { return told.has_value(); }));
        CHECK(told->has_value());
        CHECK((*back_end)->disk().capacity() == ByteCount{ServedBackEnd::kDiskSize});
        CHECK((*back_end)->queue_count() == 1);
        CHECK((*back_end)->node().capacity() == ByteCount{ServedBackEnd::kDiskSize});
    }

    TEST_CASE("at start-up it can be waited for") {
        ServedBackEnd bench;
        auto back_end = bench.create();
        REQUIRE(back_end.has_value());

        CHECK((*back_end)->wait_until_known().has_value());
    }

    TEST_CASE("a back end that refuses is told with its chardev") {
        ServedBackEnd bench;
        VhostUserLinkOptions options = bench.options();
        options.queue_count = 60;
        auto back_end = bench.create(options);
        REQUIRE(back_end.has_value());

        const auto known = (*back_end)->wait_until_known();

        REQUIRE_FALSE(known.has_value());
        CHECK(known.error().message ==
              "chardev 'c0', its vhost-user back end: num-queues is 60, the back end serves 8");
    }

    TEST_CASE("memory that cannot be shared is refused with what to say instead") {
        ServedBackEnd bench;
        VhostUserLinkOptions options = bench.options();
        options.memory = *GuestMemory::create({GuestRegion{
            GuestAddress{0}, std::make_shared<const Mapping>(*Mapping::anonymous(4096))}});

        const auto back_end = bench.create(options);

        REQUIRE_FALSE(back_end.has_value());
        CHECK(back_end.error().message.find("memory-backend-memfd,share=on") != std::string::npos);
        CHECK_FALSE(bench.chardev().in_use());
    }

    TEST_CASE("a chardev that is in use, or not connected, is refused and left as it was") {
        ServedBackEnd bench;
        auto first = bench.create();
        REQUIRE(first.has_value());
        const auto second = bench.create();
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message == "Device 'c0' is in use");
        CHECK(bench.chardev().is_lent());

        ServedBackEnd absent(false);
        const auto none = absent.create();
        REQUIRE_FALSE(none.has_value());
        CHECK(none.error().message.starts_with("chardev 'c0' is not connected: disconnected:"));
        CHECK_FALSE(absent.chardev().in_use());
    }

    TEST_CASE("a back end that is let go closes its connection, and the chardev is free") {
        ServedBackEnd bench;
        auto back_end = bench.create();
        REQUIRE(back_end.has_value());
        REQUIRE((*back_end)->wait_until_known().has_value());

        back_end->reset();

        CHECK(bench.served_ends(1));
        CHECK_FALSE(bench.chardev().in_use());
    }

    TEST_CASE("one that dies is sought again, and its new size is told") {
        ServedBackEnd bench;
        auto back_end = bench.create();
        REQUIRE(back_end.has_value());
        REQUIRE((*back_end)->wait_until_known().has_value());
        bool resized = false;
        (*back_end)->set_on_resized([&] { resized = true; });

        bench.replace(ServedBackEnd::kDiskSize * 2);

        REQUIRE(bench.turn_until([&] { return resized; }));
        CHECK((*back_end)->node().capacity() == ByteCount{ServedBackEnd::kDiskSize * 2});
    }
}

}  // namespace siskin::test
