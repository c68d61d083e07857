// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/ring_requests: durability, flushes after a loss, and returns that lie.
#include "virtio/vhost_user/ring_requests.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/virtio/vhost_user/vhost_bench.h"

namespace siskin::test {

namespace spec = virtio_spec;

namespace {

using Script = VhostBackEnd::Script;

// What a back end does with each request instead of returning it, and why it is given up.
struct Return {
    void (*act)(VhostBackEnd& back_end, std::uint16_t ring, std::uint16_t head);
    std::string reason;
};

void lose_and_replace(VhostBench& bench) {
    bench.back_end->die();
    const std::size_t lost = bench.lost.size();
    REQUIRE(bench.run_until([&] { return bench.lost.size() > lost; }));
    bench.connect();
    REQUIRE(bench.run_until([&] { return bench.link->is_ready(); }));
}

}  // namespace

TEST_SUITE("virtio/vhost_user/ring_requests") {
    TEST_CASE("with the write cache off each write is flushed before it is acknowledged (B09)") {
        VhostBench bench;
        bench.come_up({}, false);

        CHECK(bench.run(spec::kBlockWrite, 1, 0x11) == spec::kBlockStatusOk);
        CHECK(bench.disk.durable[512] == 0x11);
        bench.submit_range(0, spec::kBlockWriteZeroes, 1, 1);
        REQUIRE(bench.run_until([&] { return bench.finished().has_value(); }));
        CHECK(bench.status(0) == spec::kBlockStatusOk);
        CHECK(bench.disk.durable[512] == 0);
        CHECK(bench.disk.flushes == 2);
    }

    TEST_CASE("with the write cache on the driver flushes, and a flush makes all of it durable") {
        VhostBench bench;
        bench.come_up({}, true);

        CHECK(bench.run(spec::kBlockWrite, 1, 0x11) == spec::kBlockStatusOk);
        CHECK(bench.disk.flushes == 0);
        CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusOk);
        CHECK(bench.disk.durable[512] == 0x11);
    }

    TEST_CASE("writes that a dead back end took along fail the next flush, once (B08)") {
        VhostBench bench;
        bench.come_up({}, true);
        REQUIRE(bench.run(spec::kBlockWrite, 1, 0x11) == spec::kBlockStatusOk);
        lose_and_replace(bench);

        CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusIoError);
        CHECK(bench.run(spec::kBlockWrite, 1, 0x12) == spec::kBlockStatusOk);
        CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusOk);
        CHECK(bench.disk.durable[512] == 0x12);
    }

    TEST_CASE("writes that were flushed, or durable, survive a back end, and no flush fails") {
        for (const bool writeback : {false, true}) {
            CAPTURE(writeback);
            VhostBench bench;
            bench.come_up({}, writeback);
            REQUIRE(bench.run(spec::kBlockWrite, 1, 0x11) == spec::kBlockStatusOk);
            REQUIRE(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusOk);
            bench.submit_range(0, spec::kBlockDiscard, 9, 1);
            REQUIRE(bench.run_until([&] { return bench.finished().has_value(); }));
            REQUIRE(bench.status(0) == spec::kBlockStatusOk);
            lose_and_replace(bench);

            CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusOk);
            CHECK(bench.run(spec::kBlockRead, 1) == spec::kBlockStatusOk);
            CHECK(bench.data(0) == std::vector<std::uint8_t>(512, 0x11));
        }
    }

    TEST_CASE("what a back end returned before its end, and told nobody, is not done again") {
        Script script;
        script.dies_at_request = 0;
        script.death = VhostDeath::AfterReturn;
        VhostBench bench;
        bench.come_up(script, true);
        bench.submit(0, spec::kBlockWrite, 1, 0x11);
        REQUIRE(bench.run_until([&] { return !bench.lost.empty(); }));

        CHECK(bench.finished().has_value());
        CHECK(bench.status(0) == spec::kBlockStatusOk);
        bench.connect();
        REQUIRE(bench.run_until([&] { return bench.link->is_ready(); }));
        bench.turn();
        bench.turn();
        CHECK(bench.disk.writes == 1);
    }

    TEST_CASE("what a back end did not return is done by the next one, once") {
        Script script;
        script.dies_at_request = 0;
        VhostBench bench;
        bench.come_up(script, true);
        bench.submit(0, spec::kBlockWrite, 1, 0x11);
        REQUIRE(bench.run_until([&] { return !bench.lost.empty(); }));
        CHECK_FALSE(bench.finished().has_value());

        bench.connect();

        REQUIRE(bench.run_until([&] { return bench.finished().has_value(); }));
        bench.turn();
        CHECK_FALSE(bench.finished().has_value());
        CHECK(bench.disk.writes == 1);
    }

    TEST_CASE("a flush that the back end fails is never followed by one that succeeds (B08)") {
        Script script;
        script.fails_flushes = true;
        VhostBench bench;
        bench.come_up(script, true);
        REQUIRE(bench.run(spec::kBlockWrite, 1, 0x11) == spec::kBlockStatusOk);
        CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusIoError);
        lose_and_replace(bench);

        CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusIoError);
        CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusIoError);
        bench.shared.writeback = false;
        CHECK(bench.run(spec::kBlockWrite, 1, 0x11) == spec::kBlockStatusIoError);
    }

    TEST_CASE("a back end that cannot flush has nothing to flush") {
        VhostBench bench;
        VhostBackEnd& back_end = bench.connect();
        back_end.info.features.remove(spec::kBlockFeatureFlush);
        REQUIRE(bench.reach_ready());
        bench.turn();
        bench.start(false);

        CHECK(bench.run(spec::kBlockWrite, 1, 0x11) == spec::kBlockStatusOk);
        CHECK(bench.run(spec::kBlockFlush, 0, 0, 0) == spec::kBlockStatusOk);
        CHECK(bench.disk.flushes == 0);
    }

    TEST_CASE("requests that come back in another order go to their drivers' buffers") {
        Script script;
        script.batch = 4;
        VhostBench bench(4);
        bench.come_up(script, true);
        for (std::uint16_t slot = 0; slot < 4; ++slot) {
            bench.submit(slot, spec::kBlockWrite, slot, static_cast<std::uint8_t>(slot + 1));
        }
        unsigned count = 0;
        REQUIRE(bench.run_until([&] { return (count += bench.finished() ? 1 : 0) == 4; }));

        for (std::uint16_t slot = 0; slot < 4; ++slot) {
            CHECK(bench.status(slot) == spec::kBlockStatusOk);
            CHECK(bench.disk.cached[slot * 512U] == slot + 1);
        }
    }

    TEST_CASE("a back end that returns what it does not have is given up, and the request kept") {
        const std::vector<Return> returns{
            {[](VhostBackEnd& it, std::uint16_t ring, std::uint16_t) { it.put_used(ring, 0xffff); },
             "it returned request 65535, which it did not have"},
            {[](VhostBackEnd& it, std::uint16_t ring, std::uint16_t head) {
                 it.put_used(ring, head ^ 1U);
             },
             "it returned request 1, which it did not have"},
            {[](VhostBackEnd& it, std::uint16_t ring, std::uint16_t) {
                 it.move_used_index(ring, 2);
             },
             "it returned 2 requests and had 1"},
            {[](VhostBackEnd& it, std::uint16_t ring, std::uint16_t) {
                 it.move_used_index(ring, 0xffff);
             },
             "it returned 65535 requests and had 1"},
        };
        for (const Return& lie : returns) {
            CAPTURE(lie.reason);
            Script script;
            script.returns = [&lie](VhostBackEnd& it, std::uint16_t ring, std::uint16_t head) {
                lie.act(it, ring, head);
                it.call(ring);
            };
            VhostBench bench;
            bench.come_up(script);
            bench.submit(0, spec::kBlockWrite, 1, 0x11);
            REQUIRE(bench.run_until([&] { return !bench.lost.empty(); }));
            CHECK(bench.lost.front() == lie.reason);
            bench.connect();

            CHECK(bench.run_until([&] { return bench.finished().has_value(); }));
            CHECK(bench.status(0) == spec::kBlockStatusOk);
            CHECK(bench.disk.writes == 1);
        }
    }

    TEST_CASE("a request that is returned without a status is an error of that request") {
        Script script;
        script.returns = [](VhostBackEnd& it, std::uint16_t ring, std::uint16_t head) {
            it.put_used(ring, head);
            it.call(ring);
        };
        VhostBench bench;
        bench.come_up(script);

        CHECK(bench.run(spec::kBlockRead, 1) == spec::kBlockStatusIoError);
        CHECK(bench.lost.empty());
    }

    TEST_CASE("calls that say nothing change nothing") {
        VhostBench bench;
        bench.come_up();
        for (int times = 0; times < 10; ++times) {
            bench.back_end->call(0);
            bench.turn();
        }

        CHECK(bench.run(spec::kBlockRead, 1) == spec::kBlockStatusOk);
        CHECK(bench.lost.empty());
    }

    TEST_CASE("seventy thousand requests go around the rings' indices") {
        VhostBench bench;
        bench.come_up({}, true);
        unsigned failed = 0;
        for (unsigned count = 0; count < 70000; ++count) {
            failed += bench.run(spec::kBlockRead, count % 64) == spec::kBlockStatusOk ? 0 : 1;
        }
        CHECK(failed == 0);
    }
}

}  // namespace siskin::test
