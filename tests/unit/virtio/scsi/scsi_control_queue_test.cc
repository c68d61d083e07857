// SPDX-License-Identifier: Apache-2.0
// Proves virtio/scsi/scsi_control_queue: task management and notification requests.
#include "virtio/scsi/scsi_control_queue.h"

#include <doctest/doctest.h>

#include "tests/unit/virtio/scsi/scsi_host_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

const std::vector<std::uint8_t> kReady{0, 0, 0, 0, 0, 0};
const std::vector<std::uint8_t> kRead{0x28, 0, 0, 0, 0, 4, 0, 0, 1, 0};

std::shared_ptr<ThrottleGroup> one_byte_a_second() {
    ThrottleLimits limits;
    limits.of(ThrottleUnit::Bytes, ThrottleScope::Total).average = 1;
    auto group = std::make_shared<ThrottleGroup>("g");
    group->configure(limits);
    return group;
}

}  // namespace

TEST_SUITE("virtio/scsi/scsi_control_queue") {
    TEST_CASE("an abort is answered after the command that it ends (§5.6.6.2)") {
        ScsiHostBench bench;
        bench.clear_attention();
        const unsigned before = bench.drivers[2]->used_index();
        bench.disk.hold();
        const auto read = bench.send(kRead, 512);
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        const std::uint64_t response = bench.manage(spec::kScsiAbortTask);
        bench.settle();
        CHECK(bench.drivers[0]->used_index() == 0);
        bench.disk.let_go();
        REQUIRE(bench.wait(0).has_value());
        CHECK(bench.drivers[2]->used_index() == before + 1);
        CHECK(bench.guest.read<std::uint8_t>(response) == spec::kScsiFunctionComplete);
        CHECK(bench.guest.read<spec::ScsiResponseHeader>(read.response).response ==
              spec::kScsiAborted);
    }

    TEST_CASE("aborts begin nothing that waits for a limit (B16)") {
        ScsiHostBench bench;
        bench.clear_attention();
        bench.hd->set_throttle_group(one_byte_a_second());
        for (int round = 0; round < 20; ++round) {
            for (int count = 0; count < 3; ++count) {
                static_cast<void>(bench.send(kRead, 512));
            }
            bench.settle();
            CHECK(bench.run_managed(spec::kScsiAbortTaskSet) == spec::kScsiFunctionComplete);
            for (int count = 0; count < 3; ++count) {
                REQUIRE(bench.wait(2).has_value());
            }
        }

        CHECK(bench.disk.log().size() == 1);
    }

    TEST_CASE("a reset of one unit begins nothing of another one, and loses nothing (B16)") {
        ScsiHostBench bench;
        constexpr spec::ScsiLunField kOther{1, 1, 0, 1};
        bench.more.push_back(bench.plug(bench.other, {}, {1, 1}, false));
        bench.clear_attention();
        bench.clear_attention(kOther);
        bench.hd->set_throttle_group(one_byte_a_second());
        for (int count = 0; count < 3; ++count) {
            static_cast<void>(bench.send(kRead, 512));
        }
        REQUIRE(bench.wait(2).has_value());
        bench.other.hold();
        static_cast<void>(bench.send(kRead, 512, 0, kOther));
        REQUIRE(eventually([&] { return bench.other.waiting() == 1; }));
        const std::uint64_t response = bench.manage(spec::kScsiUnitReset, kOther);
        bench.settle();
        bench.other.let_go();
        REQUIRE(bench.wait(0).has_value());
        REQUIRE(bench.wait(2).has_value());
        CHECK(bench.guest.read<std::uint8_t>(response) == spec::kScsiFunctionComplete);
        CHECK(bench.disk.log().size() == 1);

        bench.hd->set_throttle_group(nullptr);

        CHECK(bench.wait(2).has_value());
        CHECK(bench.wait(2).has_value());
    }

    TEST_CASE("an abort of a command that is not there is done at once") {
        ScsiHostBench bench;
        CHECK(bench.run_managed(spec::kScsiAbortTask) == spec::kScsiFunctionComplete);
        CHECK(bench.run_managed(spec::kScsiAbortTaskSet) == spec::kScsiFunctionComplete);
        CHECK(bench.run_managed(spec::kScsiClearTaskSet) == spec::kScsiFunctionComplete);
    }

    TEST_CASE("a reset of a unit or of its target ends all commands, and the driver is told") {
        for (const std::uint32_t function : {spec::kScsiUnitReset, spec::kScsiNexusReset}) {
            ScsiHostBench bench;
            bench.clear_attention();
            bench.disk.hold();
            const auto first = bench.send(kRead, 512);
            const auto second = bench.send(kRead, 512);
            REQUIRE(eventually([&] { return bench.disk.waiting() == 2; }));
            const std::uint64_t response = bench.manage(function);
            bench.settle();
            bench.disk.let_go();
            REQUIRE(bench.wait(0).has_value());
            CHECK(bench.guest.read<std::uint8_t>(response) == spec::kScsiFunctionComplete);
            for (const auto& request : {first, second}) {
                CHECK(bench.guest.read<spec::ScsiResponseHeader>(request.response).response ==
                      spec::kScsiReset);
            }
            static_cast<void>(bench.wait(2));
            static_cast<void>(bench.wait(2));
            CHECK(bench.run(kReady).status == scsi_spec::kCheckCondition);
            CHECK(bench.sense_key() == 6);
        }
    }

    TEST_CASE("queries say whether the command is under way") {
        ScsiHostBench bench;
        bench.clear_attention();
        CHECK(bench.run_managed(spec::kScsiQueryTask) == spec::kScsiFunctionComplete);
        bench.disk.hold();
        static_cast<void>(bench.send(kRead, 512));
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        CHECK(bench.run_managed(spec::kScsiQueryTask) == spec::kScsiFunctionSucceeded);
        CHECK(bench.run_managed(spec::kScsiQueryTaskSet) == spec::kScsiFunctionSucceeded);
        bench.disk.let_go();
        REQUIRE(bench.wait(2).has_value());
    }

    TEST_CASE("functions for nobody, and those there are not, are refused") {
        ScsiHostBench bench;
        CHECK(bench.run_managed(spec::kScsiUnitReset, {1, 9, 0, 0}) == spec::kScsiBadTarget);
        CHECK(bench.run_managed(spec::kScsiUnitReset, {1, 1, 0, 1}) == spec::kScsiIncorrectLun);
        CHECK(bench.run_managed(2) == spec::kScsiFunctionRejected);
        CHECK(bench.run_managed(99) == spec::kScsiFunctionRejected);
    }

    TEST_CASE("notifications are none: a query and a subscription are told so") {
        ScsiHostBench bench;
        for (const std::uint32_t type :
             {spec::kScsiNotificationQuery, spec::kScsiNotificationSubscribe}) {
            const std::uint64_t at = bench.guest.allocate(16);
            bench.guest.write(at, ule32(type));
            bench.guest.write(at + 4, spec::ScsiNotificationRequest{{1, 1, 0, 0}, 0xffffffffU});
            const std::uint64_t answer = bench.guest.allocate(5);
            bench.guest.fill(answer, 5, 0xee);
            bench.offer(0, {{at, 16, false}, {answer, 5, true}});
            CHECK(bench.wait(0)->length == 5);
            CHECK(bench.guest.bytes(answer, 5) == std::vector<std::uint8_t>(5, 0));
        }
    }

    TEST_CASE("requests that are cut short or of no type come back with length 0 (V08)") {
        ScsiHostBench bench;
        const std::uint64_t at = bench.guest.allocate(24);
        bench.offer(0, {{at, 3, false}, {bench.guest.allocate(1), 1, true}});
        CHECK(bench.wait(0)->length == 0);
        bench.offer(0, {{at, 23, false}, {bench.guest.allocate(1), 1, true}});
        CHECK(bench.wait(0)->length == 0);
        bench.offer(0, {{at, 24, false}});
        CHECK(bench.wait(0)->length == 0);
        bench.guest.write(at, ule32(77));
        bench.offer(0, {{at, 24, false}, {bench.guest.allocate(1), 1, true}});
        CHECK(bench.wait(0)->length == 0);
        bench.guest.write(at, ule32(spec::kScsiNotificationQuery));
        bench.offer(0, {{at, 16, false}, {bench.guest.allocate(4), 4, true}});
        CHECK(bench.wait(0)->length == 0);
        CHECK(bench.host.guest_errors == 5);
    }
}

}  // namespace siskin
