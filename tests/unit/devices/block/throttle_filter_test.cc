// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/throttle_filter.
#include "devices/block/throttle_filter.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/loop/io_loop.h"
#include "tests/unit/devices/block/manual_node.h"

namespace siskin {
namespace {

std::shared_ptr<ThrottleGroup> one_request_a_second() {
    auto group = std::make_shared<ThrottleGroup>("g");
    ThrottleLimits limits;
    limits.of(ThrottleUnit::Requests, ThrottleScope::Total).average = 1;
    group->configure(limits);
    return group;
}

class Operation final : public BlockOperation {
public:
    void complete(int) override {}
};

}  // namespace

TEST_SUITE("devices/block/throttle_filter") {
    TEST_CASE("it is what is below it, by another name") {
        ManualNode child;
        ThrottleFilter filter({"t", false, true}, std::make_shared<ThrottleGroup>("g"), child);
        const ThrottleFilter reader({"r", true, true}, std::make_shared<ThrottleGroup>("g"), child);

        CHECK(filter.name() == "t");
        CHECK(filter.capacity() == child.capacity());
        CHECK(filter.block_size() == child.block_size());
        CHECK(filter.limits().unmap);
        CHECK_FALSE(filter.read_only());
        CHECK(reader.read_only());
    }

    TEST_CASE("two disks of one group share its limit (B16)") {
        ManualNode child;
        const auto group = one_request_a_second();
        ThrottleFilter first({"a", false, true}, group, child);
        ThrottleFilter second({"b", false, true}, group, child);
        IoLoop loop = *IoLoop::create();
        const auto one = *first.create_engine(1);
        const auto other = *second.create_engine(1);
        REQUIRE(one->attach(loop).has_value());
        REQUIRE(other->attach(loop).has_value());
        std::vector<Operation> writes(2);
        for (Operation& write : writes) {
            write.prepare_write_zeroes(0, 512, false, false);
        }

        one->submit(writes[0]);
        other->submit(writes[1]);

        CHECK(child.submitted == &writes[0]);
        const unsigned releases = child.releases;
        other->release_held();
        CHECK(child.submitted == &writes[1]);
        CHECK(child.releases == releases + 1);
        one->detach(loop);
        other->detach(loop);
    }

    TEST_CASE("discards reach the node below with discard=unmap only") {
        ManualNode child;
        const auto group = std::make_shared<ThrottleGroup>("g");
        ThrottleFilter keeps({"a", false, false}, group, child);
        ThrottleFilter passes({"b", false, true}, group, child);
        const auto keeping = *keeps.create_engine(1);
        const auto passing = *passes.create_engine(1);
        Operation kept;
        Operation passed;
        kept.prepare_discard(0, 512);
        passed.prepare_discard(0, 512);

        keeping->submit(kept);
        passing->submit(passed);

        CHECK(kept.step() == BlockOperation::Step::Nothing);
        CHECK(passed.step() == BlockOperation::Step::PunchHole);
        CHECK_FALSE(keeps.limits().unmap);
    }

    TEST_CASE("the group is in use as long as the node is there, not its engines (B16)") {
        ManualNode child;
        const auto group = std::make_shared<ThrottleGroup>("g");
        auto filter = std::make_unique<ThrottleFilter>(ThrottleFilterOptions{"t", false, false},
                                                       group, child);
        const auto engine = *filter->create_engine(1);
        CHECK(group->is_used());

        filter.reset();

        CHECK_FALSE(group->is_used());
    }
}

}  // namespace siskin
