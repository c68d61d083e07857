// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/shared_node.
#include "devices/block/shared_node.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "devices/block/null_node.h"

namespace siskin {
namespace {

std::unique_ptr<NullNode> node(const std::string& name) {
    NullNodeOptions options;
    options.node_name = name;
    return *NullNode::create(options);
}

constexpr ImageUse kWrites{true, false};
constexpr ImageUse kWritesShared{true, true};
constexpr ImageUse kReads{false, false};

}  // namespace

TEST_SUITE("devices/block/shared_node") {
    TEST_CASE("one device at a time has a node") {
        const auto disk = node("disk");
        REQUIRE(disk->claim(kWritesShared).has_value());

        CHECK(disk->claim(kWritesShared).error().message ==
              "block node 'disk' is already in use by another device");

        disk->release();
        CHECK_FALSE(disk->is_claimed());
        CHECK(disk->claim(kWrites).has_value());
    }

    TEST_CASE("nodes above share it as far as each allows (B13)") {
        const auto disk = node("disk");
        const auto first = node("first");
        const auto second = node("second");
        REQUIRE(disk->claim_for(*first, kWrites).has_value());

        CHECK(disk->claim_for(*second, kWritesShared).error().message ==
              "node 'disk' is written by node 'second', which node 'first' does not allow "
              "(share-rw of a device does)");
        CHECK(disk->claim_for(*second, kReads).error().message ==
              "node 'disk' is written by node 'first', which node 'second' does not allow "
              "(share-rw of a device does)");
        CHECK(disk->claim(kWrites).error().message.find("written by a device") !=
              std::string::npos);

        disk->release_for(*first);
        CHECK(disk->claim_for(*second, kWritesShared).has_value());
        CHECK(disk->claim_for(*first, kWritesShared).has_value());
    }

    TEST_CASE("a user that changes what it does is one user") {
        const auto disk = node("disk");
        const auto above = node("above");
        REQUIRE(disk->claim_for(*above, kReads).has_value());
        REQUIRE(disk->claim_for(*above, kWrites).has_value());

        disk->release_for(*above);

        CHECK(disk->claim(kWrites).has_value());
    }
}

}  // namespace siskin
