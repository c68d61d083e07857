// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/socket, and base/unix_socket through it.
#include "devices/chardev/socket.h"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/socket_address.h"
#include "base/unix_socket.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::ChardevBackend;
using siskin::ChardevConfig;
using siskin::connect_unix;
using siskin::Fd;
using siskin::UnixListener;
using siskin::test::bytes_of;
using siskin::test::ChardevBench;
using siskin::test::read_some;
using siskin::test::RecordingFrontEnd;

namespace {

ChardevConfig socket_config(const std::string& path, bool server) {
    ChardevConfig config;
    config.backend = ChardevBackend::Socket;
    config.id = "s";
    config.path = path;
    config.server = server;
    if (server) {
        config.wait = false;
    }
    return config;
}

}  // namespace

TEST_SUITE("devices/chardev/socket") {
    TEST_CASE("a server passes bytes both ways and shows whether it has a client") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        auto chardev = bench.make(socket_config(path, true));
        REQUIRE(chardev.has_value());
        RecordingFrontEnd front_end(100);
        REQUIRE((*chardev)->attach(front_end).has_value());
        CHECK((*chardev)->filename() == "disconnected:unix:" + path + ",server=on");

        auto client = connect_unix(path);
        REQUIRE(client.has_value());
        REQUIRE(::write(client->get(), "in", 2) == 2);
        (*chardev)->write(bytes_of("out"));
        bench.loop.run_ready();

        CHECK((*chardev)->filename() == "unix:" + path + ",server=on");
        CHECK(read_some(client->get()) == "out");
        CHECK(front_end.text() == "in");
    }

    TEST_CASE("output from before the first client and between two is not lost") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        auto chardev = bench.make(socket_config(path, true));
        REQUIRE(chardev.has_value());
        RecordingFrontEnd front_end(100);
        REQUIRE((*chardev)->attach(front_end).has_value());
        (*chardev)->write(bytes_of("boot"));
        bench.loop.run_ready();
        auto first = connect_unix(path);
        REQUIRE(first.has_value());
        bench.loop.run_ready();
        CHECK(read_some(first->get()) == "boot");

        first->reset();
        bench.loop.run_ready();
        CHECK((*chardev)->filename() == "disconnected:unix:" + path + ",server=on");
        (*chardev)->write(bytes_of("more"));
        bench.loop.run_ready();
        auto second = connect_unix(path);
        REQUIRE(second.has_value());
        bench.loop.run_ready();

        CHECK(read_some(second->get()) == "more");
    }

    TEST_CASE("a second client waits until the first has gone") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        auto chardev = bench.make(socket_config(path, true));
        REQUIRE(chardev.has_value());
        RecordingFrontEnd front_end(100);
        REQUIRE((*chardev)->attach(front_end).has_value());
        auto first = connect_unix(path);
        REQUIRE(first.has_value());
        bench.loop.run_ready();
        auto second = connect_unix(path);
        REQUIRE(second.has_value());
        REQUIRE(::write(second->get(), "me too", 6) == 6);
        bench.loop.run_ready();
        CHECK(front_end.text().empty());

        first->reset();
        bench.loop.run_ready();

        CHECK(front_end.text() == "me too");
    }

    TEST_CASE("a client back end connects to a server") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        auto listener = UnixListener::listen(path);
        REQUIRE(listener.has_value());

        auto chardev = bench.make(socket_config(path, false));
        REQUIRE(chardev.has_value());
        (*chardev)->write(bytes_of("hello"));
        bench.loop.run_ready();
        const Fd peer = listener->accept();

        CHECK(read_some(peer.get()) == "hello");
        CHECK((*chardev)->filename() == "unix:" + path);
    }

    TEST_CASE("a server that nobody answers is named in the client's error") {
        ChardevBench bench;

        const auto chardev = bench.make(socket_config("/nodir/x", false));

        REQUIRE_FALSE(chardev.has_value());
        CHECK(chardev.error().message ==
              "Failed to connect to '/nodir/x': No such file or directory");
    }

    TEST_CASE("a socket that somebody listens on is left alone") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        auto other = UnixListener::listen(path);
        REQUIRE(other.has_value());

        const auto chardev = bench.make(socket_config(path, true));

        REQUIRE_FALSE(chardev.has_value());
        CHECK(chardev.error().message ==
              "Failed to bind socket to " + path + ": Address already in use");
        CHECK(connect_unix(path).has_value());
    }

    TEST_CASE("a file of another kind at the path is left alone") {
        ChardevBench bench;
        const std::string path = bench.folder.path("precious");
        std::ofstream(path) << "data";

        const auto chardev = bench.make(socket_config(path, true));

        CHECK_FALSE(chardev.has_value());
        CHECK(siskin::test::content_of(path) == "data");
    }

    TEST_CASE("a socket left over from a dead process is replaced, and removed at the end") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        {
            auto dead = UnixListener::listen(path);
            REQUIRE(dead.has_value());
            std::filesystem::rename(path, path + ".kept");
        }
        std::filesystem::rename(path + ".kept", path);

        REQUIRE(bench.make(socket_config(path, true)).has_value());
        CHECK(connect_unix(path).has_value());
        REQUIRE(bench.registry.remove("s").has_value());

        CHECK_FALSE(std::filesystem::exists(path));
    }

    TEST_CASE("a path of 107 bytes is taken, one of 108 is refused") {
        ChardevBench bench;
        const std::string start = bench.folder.path("");
        const std::string longest = start + std::string(107 - start.size(), 'a');

        CHECK(bench.make(socket_config(longest, true)).has_value());
        const auto refused = UnixListener::listen(longest + "a");

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message.find("is too long: it has 108 bytes, the most is 107") !=
              std::string::npos);
    }

    TEST_CASE("wait without server, and neither path nor fd, are refused") {
        ChardevBench bench;
        ChardevConfig waiting = socket_config("/x", false);
        waiting.wait = true;

        const auto wait = bench.make(waiting);
        const auto nothing = bench.make(socket_config("", false));

        REQUIRE_FALSE(wait.has_value());
        CHECK(wait.error().message ==
              "'wait' option is incompatible with socket in client connect mode");
        REQUIRE_FALSE(nothing.has_value());
        CHECK(nothing.error().message == "one of 'path', 'fd' and 'host' with 'port' is required");
    }

    TEST_CASE("fd= takes over a connected socket; a descriptor of another kind is refused") {
        ChardevBench bench;
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        const Fd host(ends[0]);
        ChardevConfig config = socket_config("", false);
        config.fd = static_cast<std::uint32_t>(ends[1]);
        auto chardev = bench.make(config);
        REQUIRE(chardev.has_value());
        ChardevConfig no_socket = config;
        no_socket.id = "t";
        no_socket.fd = static_cast<std::uint32_t>(::open("/dev/null", O_RDONLY | O_CLOEXEC));

        const auto refused = bench.make(no_socket);
        (*chardev)->write(bytes_of("hi"));
        bench.loop.run_ready();

        CHECK_FALSE(refused.has_value());
        CHECK(read_some(host.get()) == "hi");
    }

    TEST_CASE("fd= of a listening socket with server=on serves one client after another") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto address = siskin::SocketAddress::unix_path(path);
        REQUIRE(::bind(listener.get(), address->generic(), address->size()) == 0);
        REQUIRE(::listen(listener.get(), 1) == 0);
        ChardevConfig config = socket_config("", true);
        config.fd = static_cast<std::uint32_t>(::dup(listener.get()));
        auto chardev = bench.make(config);
        REQUIRE(chardev.has_value());

        for (const std::string_view text : {"first", "second"}) {
            auto client = connect_unix(path);
            REQUIRE(client.has_value());
            bench.loop.run_ready();
            (*chardev)->write(bytes_of(text));
            bench.loop.run_ready();
            CHECK(read_some(client->get()) == text);
            client->reset();
            bench.loop.run_ready();
        }
        REQUIRE(bench.registry.remove("s").has_value());
        CHECK(::access(path.c_str(), F_OK) == 0);  // the file is the one's who made it
    }

    TEST_CASE("wait=on returns with the client that came") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        ChardevConfig config = socket_config(path, true);
        config.wait = true;
        Fd client;
        std::thread connector([&] {
            for (int attempt = 0; attempt < 1000 && !client.valid(); ++attempt) {
                auto connected = connect_unix(path);
                client = connected ? std::move(*connected) : Fd();
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });

        const auto chardev = bench.make(config);
        connector.join();

        REQUIRE(chardev.has_value());
        CHECK((*chardev)->filename() == "unix:" + path + ",server=on");
    }
}
