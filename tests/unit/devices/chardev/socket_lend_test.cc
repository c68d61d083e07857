// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/socket: connections that are lent to a device.
#include "devices/chardev/socket.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/unix_socket.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using namespace siskin;
using namespace siskin::test;

namespace {

class User final : public SocketUser {
public:
    void on_connected(Fd socket) override { sockets.push_back(std::move(socket)); }

    std::vector<Fd> sockets;
};

ChardevConfig client_of(const std::string& path) {
    ChardevConfig config;
    config.backend = ChardevBackend::Socket;
    config.id = "c0";
    config.path = path;
    return config;
}

SocketChardev& socket_of(Result<Chardev*>& made) {
    REQUIRE(made.has_value());
    return dynamic_cast<SocketChardev&>(**made);
}

}  // namespace

TEST_SUITE("devices/chardev/socket") {
    TEST_CASE("a connection that is there is lent at once, and nothing of it is read here") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        const UnixListener listener = *UnixListener::listen(path);
        auto made = bench.make(client_of(path));
        SocketChardev& chardev = socket_of(made);
        const Fd host = listener.accept();
        REQUIRE(::write(host.get(), "hello", 5) == 5);
        bench.loop.run_ready();
        User user;

        REQUIRE(chardev.lend_to(user).has_value());

        REQUIRE(user.sockets.size() == 1);
        CHECK(read_some(user.sockets[0].get()) == "hello");
        CHECK(chardev.in_use());
        CHECK(chardev.is_lent());
        CHECK(chardev.filename() == "unix:" + path);
        CHECK_FALSE(chardev.can_come_back());
        user.sockets.clear();
        chardev.end_lending();
        CHECK_FALSE(chardev.in_use());
        CHECK(chardev.filename() == "disconnected:unix:" + path);
    }

    TEST_CASE("with reconnect the peer is tried for at once, and again after each loss") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        const UnixListener listener = *UnixListener::listen(path);
        ChardevConfig config = client_of(path);
        config.reconnect = 1;
        auto made = bench.make(config);
        SocketChardev& chardev = socket_of(made);
        User user;

        REQUIRE(chardev.lend_to(user).has_value());
        REQUIRE(user.sockets.size() == 1);
        CHECK(chardev.can_come_back());
        CHECK(listener.accept().valid());
        bench.loop.run_ready();
        CHECK_FALSE(listener.accept().valid());  // no second attempt
        user.sockets.clear();
        chardev.connection_lost();
        CHECK_FALSE(chardev.is_lent());

        turn_until(bench.loop, [&] { return user.sockets.size() == 1; });
        CHECK(user.sockets.size() == 1);
        CHECK(chardev.is_lent());
    }

    TEST_CASE("a server lends each client that comes, one after the other") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        ChardevConfig config = client_of(path);
        config.server = true;
        config.wait = false;
        auto made = bench.make(config);
        SocketChardev& chardev = socket_of(made);
        User user;
        REQUIRE(chardev.lend_to(user).has_value());
        CHECK_FALSE(chardev.is_lent());
        CHECK(chardev.can_come_back());
        for (std::size_t count = 1; count <= 3; ++count) {
            const Fd client = *connect_unix(path);
            turn_until(bench.loop, [&] { return user.sockets.size() == count; });
            CHECK(user.sockets.size() == count);
            chardev.connection_lost();
        }
    }

    TEST_CASE("one that is in use, or no Unix socket, is not lent") {
        ChardevBench bench;
        const std::string path = bench.folder.path("s");
        const UnixListener listener = *UnixListener::listen(path);
        auto made = bench.make(client_of(path));
        SocketChardev& chardev = socket_of(made);
        User first;
        User second;
        REQUIRE(chardev.lend_to(first).has_value());

        const auto refused = chardev.lend_to(second);

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "Device 'c0' is in use");
        CHECK(chardev.is_lent_to(first));

        ChardevConfig config;
        config.backend = ChardevBackend::Socket;
        config.id = "tcp";
        config.host = "127.0.0.1";
        config.port = 0;
        config.server = true;
        config.wait = false;
        auto tcp = bench.make(config);
        const auto no_unix = socket_of(tcp).lend_to(second);
        REQUIRE_FALSE(no_unix.has_value());
        CHECK(no_unix.error().message.find("only a Unix socket") != std::string::npos);
        CHECK_FALSE((*tcp)->in_use());
    }
}
