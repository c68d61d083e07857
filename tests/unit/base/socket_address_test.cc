// SPDX-License-Identifier: Apache-2.0
// Proves base/socket_address: texts, reach, names.
#include "base/socket_address.h"

#include <doctest/doctest.h>

#include <string>

using siskin::kUnixPathMax;
using siskin::resolve_tcp;
using siskin::SocketAddress;

TEST_SUITE("base/socket_address") {
    TEST_CASE("a path is an address up to 107 bytes (unix(7))") {
        const std::string longest(kUnixPathMax, 'x');

        REQUIRE(SocketAddress::unix_path(longest).has_value());
        CHECK(SocketAddress::unix_path(longest)->text() == longest);
        CHECK(SocketAddress::unix_path(longest)->is_local());
        CHECK_FALSE(SocketAddress::unix_path(longest + 'x').has_value());
        CHECK_FALSE(SocketAddress::unix_path("").has_value());
        CHECK_FALSE(SocketAddress::unix_path(std::string("a\0b", 3)).has_value());
    }

    TEST_CASE("numbers of both families print as people write them") {
        CHECK(resolve_tcp("127.0.0.1", 4444, true, true)->front().text() == "127.0.0.1:4444");
        CHECK(resolve_tcp("::1", 80, true, true)->front().text() == "[::1]:80");
    }

    TEST_CASE("no host is localhost, IPv4 first") {
        const auto addresses = resolve_tcp("", 4444, true, true);

        REQUIRE(addresses.has_value());
        CHECK(addresses->front().text() == "127.0.0.1:4444");
    }

    TEST_CASE("only loopback addresses are local (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3)") {
        CHECK(resolve_tcp("127.255.1.2", 1, true, true)->front().is_local());
        CHECK(resolve_tcp("::1", 1, true, true)->front().is_local());
        CHECK_FALSE(resolve_tcp("0.0.0.0", 1, true, true)->front().is_local());
        CHECK_FALSE(resolve_tcp("128.0.0.1", 1, true, true)->front().is_local());
        CHECK_FALSE(resolve_tcp("::", 1, true, true)->front().is_local());
        CHECK_FALSE(resolve_tcp("::2", 1, true, true)->front().is_local());
        CHECK_FALSE(SocketAddress::local_of(-1).is_local());
    }

    TEST_CASE("what stands for no address of an allowed family is an error") {
        CHECK_FALSE(resolve_tcp("127.0.0.1", 1, false, true).has_value());
        CHECK_FALSE(resolve_tcp("::1", 1, true, false).has_value());
        CHECK(resolve_tcp("::1", 1, false, false).error().message == "ipv4 and ipv6 are both off");
        CHECK(resolve_tcp("no host", 7, true, true)
                  .error()
                  .message.starts_with("address resolution failed for no host:7: "));
    }
}
