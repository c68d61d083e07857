// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/message_channel: framing, limits, descriptors.
#include "virtio/vhost_user/message_channel.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include <unistd.h>

#include "tests/harness/pass_descriptors.h"
#include "tests/unit/virtio/vhost_user/vhost_bench.h"

namespace siskin::test {

namespace {

std::string message(std::uint32_t flags, std::uint32_t size, const std::string& payload) {
    const vhost_user_spec::Header header{5U, flags, size};
    return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + payload;
}

struct Bench {
    Bench() : Bench(connection()) {}
    explicit Bench(std::pair<Fd, Fd> ends)
        : channel(std::move(ends.first)), peer(std::move(ends.second)) {}
    void write(const std::string& bytes) const {
        REQUIRE(::write(peer.get(), bytes.data(), bytes.size()) ==
                static_cast<ssize_t>(bytes.size()));
    }
    std::string error_of(const std::string& bytes) {
        write(bytes);
        const auto received = channel.receive();
        return received ? "none" : received.error().message;
    }

    MessageChannel channel;
    Fd peer;
};

}  // namespace

TEST_SUITE("virtio/vhost_user/message_channel") {
    TEST_CASE("a message that comes byte by byte is one message") {
        Bench bench;
        const std::string bytes = message(5, 8, "abcdefgh");
        for (std::size_t at = 0; at + 1 < bytes.size(); ++at) {
            bench.write(bytes.substr(at, 1));
            const auto received = bench.channel.receive();
            REQUIRE((received && !*received));
        }
        bench.write(bytes.substr(bytes.size() - 1));

        const auto received = bench.channel.receive();

        REQUIRE((received && *received));
        CHECK((*received)->request == 5);
        CHECK((*received)->flags == 5);
        CHECK((*received)->payload == "abcdefgh");
    }

    TEST_CASE("two messages at once are two, and the end is an error") {
        Bench bench;
        bench.write(message(1, 0, "") + message(1, 4, "wxyz"));
        const auto first = bench.channel.receive();
        const auto second = bench.channel.receive();
        bench.peer.reset();

        REQUIRE((first && *first));
        CHECK((*first)->payload.empty());
        REQUIRE((second && *second));
        CHECK((*second)->payload == "wxyz");
        const auto end = bench.channel.receive();
        REQUIRE_FALSE(end.has_value());
        CHECK(end.error().message == "it closed the connection");
    }

    TEST_CASE("what is too long or of another version is refused before it is read") {
        CHECK(Bench().error_of(message(1, 513, "")) ==
              "it sent a message of 513 bytes, the most is 512");
        CHECK(Bench().error_of(message(1, 0xffffffff, "")) ==
              "it sent a message of 4294967295 bytes, the most is 512");
        CHECK(Bench().error_of(message(2, 0, "")) ==
              "it sent a message with flags 0x2, which is another version");
        CHECK(Bench().error_of(message(1, 512, std::string(512, 'x'))) == "none");
    }

    TEST_CASE("descriptors that nobody asked for are closed, and an error") {
        Bench bench;
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const Fd reader(ends[0]);
        {
            const Fd writer(ends[1]);
            REQUIRE(pass_descriptors(bench.peer, writer, message(1, 0, "")));
        }

        const auto received = bench.channel.receive();

        REQUIRE_FALSE(received.has_value());
        CHECK(received.error().message == "it sent descriptors, which nothing asked for");
        char byte = 0;
        CHECK(::read(reader.get(), &byte, 1) == 0);  // no writer is left
    }

    TEST_CASE("a peer that reads nothing is an error, not a wait") {
        Bench bench;
        const std::vector<std::byte> payload(MessageChannel::kPayloadMax);
        Result<> sent;
        for (unsigned count = 0; count < 10000 && sent; ++count) {
            sent = bench.channel.send(1, 0, payload);
        }
        CHECK_FALSE(sent.has_value());
    }
}

}  // namespace siskin::test
