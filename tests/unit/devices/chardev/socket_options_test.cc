// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/socket_options.
#include "devices/chardev/socket_options.h"

#include <doctest/doctest.h>

#include <string>

#include "base/stream_socket.h"

using siskin::ChardevConfig;
using siskin::check_reach;
using siskin::check_socket;
using siskin::Fd;
using siskin::listen_socket;
using siskin::parse_chardev_short;
using siskin::resolve_tcp;
using siskin::socket_name;
using siskin::SocketAddress;

namespace {

ChardevConfig config_of(std::string_view text) {
    return *parse_chardev_short(text, "s");
}

std::string refusal(std::string_view text) {
    const auto checked = check_socket(config_of(text));
    return checked ? std::string("no error") : checked.error().message;
}

}  // namespace

TEST_SUITE("devices/chardev/socket_options") {
    TEST_CASE("a socket has one place, and a port belongs to a host") {
        ChardevConfig two = config_of("unix:/a");
        two.host = "h";
        ChardevConfig no_port = config_of("tcp:h:1");
        no_port.port.reset();
        ChardevConfig nothing = config_of("unix:/a");
        nothing.path.clear();

        CHECK(check_socket(config_of("unix:/a")).has_value());
        CHECK(check_socket(config_of("tcp:h:1")).has_value());
        CHECK(check_socket(two).error().message ==
              "one of 'path', 'fd' and 'host' with 'port' is required");
        CHECK_FALSE(check_socket(nothing).has_value());
        CHECK(check_socket(no_port).error().message == "chardev: socket: no port given");
    }

    TEST_CASE("options that exclude each other are refused in QEMU's words") {
        CHECK(refusal("unix:/a,wait=on") ==
              "'wait' option is incompatible with socket in client connect mode");
        CHECK(refusal("unix:/a,server=on,reconnect=1") ==
              "'reconnect' option is incompatible with socket in server listen mode");
        CHECK(refusal("unix:fd=3,reconnect=1") ==
              "'reconnect' option is incompatible with 'fd' address type");
        CHECK(refusal("unix:/a,x-siskin-clients=2") ==
              "'x-siskin-clients' option is incompatible with socket in client connect mode");
        CHECK(refusal("tcp:h:1,nodelay=off") ==
              "Parameter 'nodelay' doesn't take value 'off', allowed is on");
        CHECK(refusal("tcp:h:1,nodelay") == "no error");
    }

    TEST_CASE("names are those of query-chardev") {
        CHECK(socket_name(config_of("unix:/a,server=on")) == "unix:/a,server=on");
        CHECK(socket_name(config_of("tcp::4444")) == "tcp:localhost:4444");
        CHECK(socket_name(config_of("tcp:[::1]:4444,server=on")) == "tcp:::1:4444,server=on");
        CHECK(socket_name(config_of("telnet:h:1")) == "telnet:h:1");
        CHECK(socket_name(config_of("unix:/a,telnet=on")) == "unix:/a");
        CHECK(socket_name(config_of("unix:fd=999")) == "fd:999");
    }

    TEST_CASE("nobody else's host reaches a listener, unless that is allowed") {
        const auto any = resolve_tcp("0.0.0.0", 1, true, true);
        REQUIRE(any.has_value());

        const auto refused = check_reach(config_of("tcp:h:1"), any->front());
        const auto listened = listen_socket(config_of("tcp:0.0.0.0:0,server=on"), Fd());

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message.find("allow-remote=on allows it") != std::string::npos);
        CHECK_FALSE(listened.has_value());
        CHECK(check_reach(config_of("tcp:h:1,allow-remote=on"), any->front()).has_value());
    }

    TEST_CASE("a passed listener on a foreign address is refused as well") {
        auto open = siskin::listen_tcp(*resolve_tcp("0.0.0.0", 0, true, true));
        REQUIRE(open.has_value());
        ChardevConfig config = config_of("unix:fd=0,server=on");
        config.fd = static_cast<std::uint32_t>(open->get());

        CHECK_FALSE(listen_socket(config, std::move(*open)).has_value());
    }
}
