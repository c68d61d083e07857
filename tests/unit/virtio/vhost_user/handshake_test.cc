// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/handshake: its order, and that no lie of a back end gets through.
#include "virtio/vhost_user/handshake.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/virtio/vhost_user/vhost_bench.h"

namespace siskin::test {

namespace protocol = vhost_user_spec;

namespace {

// Changes bytes of one reply; each must end the connection.
struct Lie {
    const char* name;
    void (*tell)(std::string& reply);
};
const std::array kLies{
    Lie{"another request", [](std::string& reply) { reply[0] = 99; }},
    Lie{"no reply flag", [](std::string& reply) { reply[4] = 1; }},
    Lie{"another version", [](std::string& reply) { reply[4] = 6; }},
    Lie{"unknown flags", [](std::string& reply) { reply[5] = 1; }},
    Lie{"too long", [](std::string& reply) { reply[11] = 0x7f; }},
    Lie{"a byte short",
        [](std::string& reply) {
            reply[8] = static_cast<char>(reply[8] - 1);
            reply.pop_back();
        }},
    Lie{"a byte more",
        [](std::string& reply) {
            reply[8] = static_cast<char>(reply[8] + 1);
            reply.push_back('x');
        }},
    Lie{"twice", [](std::string& reply) { reply += reply; }},
    Lie{"no payload",
        [](std::string& reply) {
            reply[8] = 0;
            reply.resize(12);
        }},
};

VhostBackEnd::Script lies_at(unsigned message, const Lie& lie) {
    VhostBackEnd::Script script;
    script.lie = [message, lie](unsigned number, std::string& reply) {
        if (number == message) {
            lie.tell(reply);
        }
    };
    return script;
}

std::string lost_by(void (*change)(VhostBackEnd& back_end)) {
    VhostBench bench;
    change(bench.connect());
    return bench.reach_ready() ? "ready" : bench.lost.front();
}

}  // namespace

TEST_SUITE("virtio/vhost_user/handshake") {
    TEST_CASE("features come first, memory before rings, and enabling last") {
        VhostBench bench(1);
        VhostBackEnd& back_end = bench.connect();

        REQUIRE(bench.reach_ready());

        CHECK(back_end.seen() ==
              std::vector<std::uint32_t>{
                  protocol::kGetFeatures, protocol::kGetProtocolFeatures,
                  protocol::kSetProtocolFeatures, protocol::kGetQueueNum, protocol::kSetOwner,
                  protocol::kGetConfig, protocol::kSetBackEndRequestFd, protocol::kSetFeatures,
                  protocol::kSetMemTable, protocol::kSetVringNum, protocol::kSetVringBase,
                  protocol::kSetVringAddr, protocol::kSetVringCall, protocol::kSetVringKick,
                  protocol::kSetVringEnable});
    }

    TEST_CASE("what is not offered is not used") {
        VhostBench bench(1);
        VhostBackEnd& back_end = bench.connect();
        back_end.protocol_features = FeatureSet{protocol::kProtocolConfig}.bits();
        back_end.info.queues_max = 1;

        REQUIRE(bench.reach_ready());

        const auto& seen = back_end.seen();
        CHECK(std::count(seen.begin(), seen.end(), protocol::kGetQueueNum) == 0);
        CHECK(std::count(seen.begin(), seen.end(), protocol::kSetBackEndRequestFd) == 0);
    }

    TEST_CASE("a lie in any reply ends the connection, and the next one works") {
        VhostBench honest(1);
        const unsigned messages =
            (honest.connect(), honest.reach_ready()) ? honest.back_end->messages() : 0;
        REQUIRE(messages == 15);
        constexpr unsigned kHasNoReply = 2;  // SET_PROTOCOL_FEATURES
        for (unsigned message = 0; message < messages; ++message) {
            for (const Lie& lie : kLies) {
                if (message == kHasNoReply) {
                    continue;
                }
                CAPTURE(message);
                CAPTURE(lie.name);
                VhostBench bench(1);
                bench.connect(lies_at(message, lie));

                REQUIRE(bench.run_until([&] { return !bench.lost.empty(); }));

                CHECK_FALSE(bench.link->is_ready());
                bench.connect();
                CHECK(bench.run_until([&] { return bench.link->is_ready(); }));
            }
        }
    }

    TEST_CASE("a refused message is an error that names it") {
        VhostBackEnd::Script script;
        script.lie = [](unsigned number, std::string& reply) {
            reply[12] = static_cast<char>(number == 8 ? 3 : reply[12]);
        };
        VhostBench bench(1);
        bench.connect(script);

        CHECK_FALSE(bench.reach_ready());

        CHECK(bench.lost.front() == "it refused message 5 with 3");
    }

    TEST_CASE("a disk that cannot be used is refused by its reason") {
        CHECK(lost_by([](VhostBackEnd& it) {
                  it.info.features.remove(protocol::kFeatureProtocolFeatures);
              }) == "it does not offer VHOST_USER_F_PROTOCOL_FEATURES");
        CHECK(lost_by([](VhostBackEnd& it) { it.protocol_features = 0; }) ==
              "it does not offer VHOST_USER_PROTOCOL_F_CONFIG");
        CHECK(lost_by([](VhostBackEnd& it) { it.info.queues_max = 0; }) ==
              "it serves 0 queues, allowed is 1 to 1024");
        CHECK(lost_by([](VhostBackEnd& it) {
                  it.info.features.remove(virtio_spec::kFeatureVersion1);
              }) == "it does not offer VIRTIO_F_VERSION_1");
    }
}

}  // namespace siskin::test
