// SPDX-License-Identifier: Apache-2.0
// Hostile passing of descriptors to a monitor: none of them stays behind (Q09).
#include "qmp/descriptors.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/harness/pass_descriptors.h"
#include "tests/qmp/client.h"
#include "tests/qmp/served_machine.h"

using siskin::Fd;
using siskin::qmp_test::Client;
using siskin::qmp_test::ServedMachine;
using siskin::test::pass_descriptors;

namespace {

constexpr std::size_t kScmMax = 253;  // unix(7), SCM_MAX_FD

std::size_t open_count() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

// The server closes on its own thread, so it may take a moment.
bool comes_back_to(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + Client::kPatience;
    while (open_count() != count && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return open_count() == count;
}

bool pass(Client& client, const Fd& file, std::string bytes, std::size_t count = 1) {
    return pass_descriptors(client.socket(), file, std::move(bytes), count);
}

const std::string kGetfd = "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"a\"}}";
const std::string kClosefd = "{\"execute\":\"closefd\",\"arguments\":{\"fdname\":\"a\"}}";

}  // namespace

TEST_SUITE("qmp/passed descriptors") {
    TEST_CASE("as many as a message carries: one is taken, the others are closed (Q09)") {
        ServedMachine served;
        served.start();
        Client client(served.path());
        client.negotiate();
        const Fd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
        const std::size_t before = open_count();

        for (const std::size_t count :
             {std::size_t{1}, std::size_t{16}, std::size_t{17}, kScmMax}) {
            REQUIRE(pass(client, file, kGetfd, count));
            CHECK(client.receive() == "{\"return\": {}}");
            CHECK(comes_back_to(before + 1));
        }
        CHECK_FALSE(pass(client, file, kGetfd, kScmMax + 1));

        CHECK(client.ask(kClosefd) == "{\"return\": {}}");
        CHECK(comes_back_to(before));
    }

    TEST_CASE("what no command claims goes with its client (Q09)") {
        ServedMachine served;
        served.start();
        const Fd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
        const std::size_t before = open_count();
        {
            Client client(served.path());
            client.negotiate();
            for (int round = 0; round < 20; ++round) {
                REQUIRE(pass(client, file, " ", 16));
            }
            REQUIRE(pass(client, file, "{\"execute\":\"query-", 16));
        }

        CHECK(comes_back_to(before));
    }

    TEST_CASE("what comes with a command that takes none, or fails, is closed (Q09)") {
        ServedMachine served;
        served.start();
        const Fd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
        const std::size_t before = open_count();
        {
            Client client(served.path());
            client.negotiate();
            REQUIRE(pass(client, file, "{\"execute\":\"query-name\"}"));
            CHECK(client.receive() == "{\"return\": {}}");
            REQUIRE(pass(client, file, "{\"execute\":\"nonsense\"}"));
            CHECK(client.receive().find("CommandNotFound") != std::string::npos);
            REQUIRE(
                pass(client, file, "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"1a\"}}"));
            CHECK(client.receive().find("not starting with a digit") != std::string::npos);
        }

        CHECK(comes_back_to(before));
    }

    TEST_CASE("descriptors of any kind are kept and closed, the same name replaces (Q09)") {
        ServedMachine served;
        served.start();
        Client client(served.path());
        client.negotiate();
        const std::size_t before = open_count();
        {
            const Fd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            const Fd path_only(::open("/dev/null", O_PATH | O_CLOEXEC));
            const Fd huge(::memfd_create("huge", MFD_CLOEXEC));
            REQUIRE(::ftruncate(huge.get(), off_t{1} << 50U) == 0);
            // The monitor's own connection: kept by itself it would never end.
            for (const Fd* const file : {&folder, &path_only, &huge, &client.socket()}) {
                REQUIRE(pass(client, *file, kGetfd));
                CHECK(client.receive() == "{\"return\": {}}");
            }
        }
        CHECK(comes_back_to(before + 1));

        CHECK(client.ask(kClosefd) == "{\"return\": {}}");
        CHECK(comes_back_to(before));
    }

    TEST_CASE("a client that passes its own connection and goes is gone (Q09)") {
        ServedMachine served;
        served.start();
        {
            Client client(served.path());
            client.negotiate();
            REQUIRE(pass(client, client.socket(), kGetfd));
            CHECK(client.receive() == "{\"return\": {}}");
            client.end_sending();
            CHECK(client.receive() == "<eof>");
        }

        Client next(served.path());
        next.negotiate();
        CHECK(next.ask(kClosefd) == "{\"return\": {}}");
    }
}
