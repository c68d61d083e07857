// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/link with back ends that are silent, change their disk, or come back as
// another; what it does when they die: kill_points_test.cc.
#include "virtio/vhost_user/link.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/virtio/vhost_user/vhost_bench.h"

namespace siskin::test {

namespace spec = virtio_spec;

namespace {

using Script = VhostBackEnd::Script;

Script silent_from_request(unsigned request) {
    Script script;
    script.silent_from_request = request;
    return script;
}

}  // namespace

TEST_SUITE("virtio/vhost_user/link") {
    TEST_CASE("as many queues as there are CPUs, and no more than the back end serves") {
        VhostBench four(std::nullopt);
        four.connect();
        REQUIRE(four.reach_ready());
        four.turn();
        CHECK(four.queue_count == 4);
        CHECK(four.back_end->rings() == 4);

        VhostBench two(std::nullopt);
        two.connect().info.queues_max = 2;
        REQUIRE(two.reach_ready());
        two.turn();
        CHECK(two.queue_count == 2);
    }

    TEST_CASE("more queues than the back end serves are refused by name") {
        VhostBench bench(9);
        bench.connect();

        CHECK_FALSE(bench.reach_ready());

        CHECK(bench.lost == std::vector<std::string>{"num-queues is 9, the back end serves 8"});
    }

    TEST_CASE("requests before the first back end, or after the last, wait for the next") {
        VhostBench bench;
        bench.come_up();
        bench.back_end->die();
        REQUIRE(bench.run_until([&] { return !bench.lost.empty(); }));
        bench.submit(0, spec::kBlockWrite, 3, 0x33);
        for (int turn = 0; turn < 20; ++turn) {
            bench.turn();
        }
        CHECK_FALSE(bench.finished().has_value());

        bench.connect();

        CHECK(bench.run_until([&] { return bench.finished().has_value(); }));
        CHECK(bench.status(0) == spec::kBlockStatusOk);
        CHECK(bench.disk.durable[3 * 512] == 0x33);
        CHECK(bench.disk.writes == 1);
    }

    TEST_CASE("a back end that never answers is given up in time, at any message") {
        for (const unsigned message : {0U, 1U, 4U, 9U}) {
            CAPTURE(message);
            VhostBench bench;
            Script script;
            script.silent_from_message = message;
            const auto begin = std::chrono::steady_clock::now();
            bench.connect(script);

            CHECK_FALSE(bench.reach_ready());

            const auto took = std::chrono::steady_clock::now() - begin;
            CHECK(took >= VhostUserLink::kReplyPatience);
            REQUIRE(bench.lost.size() == 1);
            CHECK(bench.lost.front() == "it did not answer within 2000 ms");
        }
    }

    TEST_CASE("a reset with requests at a silent back end ends, and drops them (T08)") {
        VhostBench bench;
        bench.come_up(silent_from_request(1));
        REQUIRE(bench.run(spec::kBlockRead, 0) == spec::kBlockStatusOk);
        bench.submit(0, spec::kBlockRead, 1);
        bench.submit(1, spec::kBlockWrite, 2, 0x22);
        REQUIRE(bench.run_until([&] { return bench.back_end->requests() == 3; }));

        bool gone = false;
        const auto begin = std::chrono::steady_clock::now();
        bench.io->deactivate(bench.loop, [&] { gone = true; });
        REQUIRE(bench.run_until([&] { return gone; }));

        CHECK(std::chrono::steady_clock::now() - begin < 2 * VhostUserLink::kDrainPatience);
        CHECK(bench.lost.size() == 1);
        CHECK_FALSE(bench.finished().has_value());
        bench.io.reset();
        // The next back end never hears of them.
        bench.connect();
        REQUIRE(bench.run_until([&] { return bench.link->is_ready(); }));
        CHECK(bench.disk.writes == 0);
    }

    TEST_CASE("a reset and a pause without a back end end at once, and a pause keeps requests") {
        VhostBench bench;
        bench.come_up(silent_from_request(0));
        bench.submit(0, spec::kBlockWrite, 1, 0x11);
        REQUIRE(bench.run_until([&] { return bench.back_end->requests() == 1; }));
        bench.back_end->die();
        REQUIRE(bench.run_until([&] { return !bench.lost.empty(); }));

        bool paused = false;
        bench.io->pause([&] { paused = true; });
        CHECK(paused);
        bench.connect();
        REQUIRE(bench.run_until([&] { return bench.link->is_ready(); }));
        for (int turn = 0; turn < 20; ++turn) {
            bench.turn();
        }
        CHECK(bench.disk.writes == 0);
        bench.io->resume();

        CHECK(bench.run_until([&] { return bench.finished().has_value(); }));
        CHECK(bench.disk.durable[512] == 0x11);
    }

    TEST_CASE("the size that the back end tells anew is told on, however often it says so") {
        VhostBench bench;
        VhostBackEnd& back_end = bench.connect();
        REQUIRE(bench.reach_ready());
        bench.turn();
        REQUIRE(bench.told->capacity() == ByteCount{VhostBench::kSectors * 512});
        back_end.info.config.capacity = std::uint64_t{7};

        REQUIRE(back_end.send_request(vhost_user_spec::kConfigChanged, false));
        REQUIRE(back_end.send_request(vhost_user_spec::kConfigChanged, true));

        REQUIRE(bench.run_until([&] { return bench.told_disks >= 3; }));
        CHECK(bench.told->capacity() == ByteCount{7 * 512});
        CHECK(bench.lost.empty());
    }

    TEST_CASE(
        "requests of the back end that nobody knows, and the end of its channel, are harmless") {
        VhostBench bench;
        bench.come_up();
        REQUIRE(bench.back_end->send_request(77, true));

        CHECK(bench.run(spec::kBlockWrite, 1, 0x44) == spec::kBlockStatusOk);
        CHECK(bench.lost.empty());
    }

    TEST_CASE("what comes back as another disk is not used") {
        struct Case {
            void (*change)(DiskInfo& info);
            std::string reason;
        };
        const std::vector<Case> cases{
            {[](DiskInfo& info) { info.features.add(spec::kBlockFeatureReadOnly); },
             "its disk is read-only now"},
            {[](DiskInfo& info) { info.config.block_size = 4096U; },
             "its disk has blocks of 4096 bytes now, the guest's 512"},
            {[](DiskInfo& info) { info.queues_max = 1; }, "it serves 1 queues now, there are 2"},
            {[](DiskInfo& info) { info.features.remove(spec::kBlockFeatureFlush); },
             "its disk cannot flush, discard or write zeroes as before"},
            {[](DiskInfo& info) { info.config.max_discard_sectors = 1U; },
             "its disk cannot flush, discard or write zeroes as before"},
        };
        for (const Case& one : cases) {
            CAPTURE(one.reason);
            VhostBench bench(2);
            bench.connect();
            REQUIRE(bench.reach_ready());
            bench.back_end->die();
            REQUIRE(bench.run_until([&] { return bench.lost.size() == 1; }));

            one.change(bench.connect().info);

            REQUIRE(bench.run_until([&] { return bench.lost.size() == 2; }));
            CHECK(bench.lost.back() == one.reason);
        }
    }

    TEST_CASE("a disk of another size that comes back is the same disk") {
        VhostBench bench;
        bench.connect();
        REQUIRE(bench.reach_ready());
        bench.back_end->die();
        REQUIRE(bench.run_until([&] { return bench.lost.size() == 1; }));

        bench.connect().info.config.capacity = std::uint64_t{99};
        REQUIRE(bench.run_until([&] { return bench.link->is_ready(); }));
        bench.turn();

        CHECK(bench.told->capacity() == ByteCount{99 * 512});
    }

    TEST_CASE("guest memory in more regions than a table holds is an error, not an overrun") {
        std::vector<GuestRegion> regions;
        const GuestRegion whole = TestGuest().memory()->regions().front();
        for (std::uint64_t index = 0; index < 8; ++index) {
            regions.push_back(GuestRegion{GuestAddress{index * 8192}, whole.backing, index * 8192,
                                          ByteCount{4096}, whole.file});
        }
        VhostUserLinkOptions options;
        options.memory = *GuestMemory::create(regions);
        options.queue_size = 16;
        auto news = std::make_shared<VhostUserNews>(std::move(*EventFd::create()));
        auto link = *VhostUserLink::create(options, news);
        IoLoop loop = std::move(*IoLoop::create());
        LoopWake wake(loop);
        CachedDisk disk(512);
        auto [ours, theirs] = connection();
        VhostBackEnd back_end(std::move(theirs), disk);
        link->begin(loop, std::move(ours));

        std::optional<std::string> lost;
        for (int turn = 0; turn < 100 && !lost; ++turn) {
            back_end.step();
            wake.wake();
            loop.run_one_turn();
            lost = news->take().lost;
        }

        CHECK(lost == "guest memory has 8 regions, the most is 7");
        link->stop();
    }
}

}  // namespace siskin::test
