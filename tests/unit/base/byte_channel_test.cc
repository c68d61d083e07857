// SPDX-License-Identifier: Apache-2.0
// Proves base/byte_channel on socket pairs, pipes and a file.
#include "base/byte_channel.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/pass_descriptors.h"

using siskin::ByteChannel;
using siskin::Fd;

namespace {

struct Pair {
    Pair() {
        std::array<int, 2> numbers{};
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers.data());
        ours = Fd(numbers[0]);
        theirs = Fd(numbers[1]);
    }
    Fd ours;
    Fd theirs;
};

void pass(const Fd& socket, std::size_t count) {
    const Fd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
    REQUIRE(siskin::test::pass_descriptors(socket, file, "x", count));
}

}  // namespace

TEST_SUITE("base/byte_channel") {
    TEST_CASE("a socket carries bytes both ways, and says when there are none and no more") {
        Pair pair;
        ByteChannel channel = ByteChannel::of_socket(std::move(pair.ours));
        std::string bytes;
        std::vector<Fd> descriptors;
        std::size_t sent = 0;

        CHECK(channel.receive(10, bytes, descriptors) == ByteChannel::Outcome::Blocked);
        CHECK(::write(pair.theirs.get(), "abc", 3) == 3);
        CHECK(channel.receive(2, bytes, descriptors) == ByteChannel::Outcome::Moved);
        CHECK(bytes == "ab");
        CHECK(channel.send("xyz", sent) == ByteChannel::Outcome::Moved);
        CHECK(sent == 3);
        CHECK(channel.receive(2, bytes, descriptors) == ByteChannel::Outcome::Moved);
        pair.theirs.reset();
        CHECK(channel.send("more", sent) == ByteChannel::Outcome::Broken);
        CHECK(channel.receive(10, bytes, descriptors) != ByteChannel::Outcome::Moved);
        CHECK_FALSE(channel.is_network());
    }

    TEST_CASE("descriptors come with the message, close-on-exec, sixteen at most (unix(7))") {
        Pair pair;
        ByteChannel channel = ByteChannel::of_socket(std::move(pair.ours));
        std::string bytes;
        std::vector<Fd> few;
        std::vector<Fd> many;
        pass(pair.theirs, 2);
        pass(pair.theirs, 40);

        CHECK(channel.receive(10, bytes, few) == ByteChannel::Outcome::Moved);
        CHECK(channel.receive(10, bytes, many) == ByteChannel::Outcome::Moved);

        REQUIRE(few.size() == 2);
        CHECK(::fcntl(few[0].get(), F_GETFD) == FD_CLOEXEC);
        CHECK(many.size() == ByteChannel::kDescriptorsMax);
    }

    TEST_CASE("a closed channel ends its peer's stream, whoever holds the socket too") {
        Pair pair;
        const auto other = pair.ours.duplicate();
        ByteChannel channel = ByteChannel::of_socket(std::move(pair.ours));

        channel.close();

        std::array<char, 4> byte{};
        CHECK(::read(pair.theirs.get(), byte.data(), byte.size()) == 0);
        CHECK_FALSE(channel.is_open());
    }

    TEST_CASE("files: input and output are apart, and either may be missing") {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        ByteChannel input = ByteChannel::of_files(Fd(pipe[0]), Fd());
        ByteChannel output = ByteChannel::of_files(Fd(), Fd(pipe[1]));
        std::string bytes;
        std::vector<Fd> descriptors;
        std::size_t sent = 0;

        CHECK(output.send("abc", sent) == ByteChannel::Outcome::Moved);
        CHECK(input.receive(10, bytes, descriptors) == ByteChannel::Outcome::Moved);
        CHECK(bytes == "abc");
        CHECK(input.send("abc", sent) == ByteChannel::Outcome::Broken);
        CHECK(output.input() == -1);
        output.close();
        CHECK(input.receive(10, bytes, descriptors) == ByteChannel::Outcome::Ended);
    }
}
