// SPDX-License-Identifier: Apache-2.0
// Proves base/telnet.
#include "base/telnet.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using siskin::telnet_decode;
using siskin::telnet_encode;
using siskin::TelnetReader;

using namespace std::string_view_literals;

namespace {

std::string decoded(TelnetReader& reader, std::string_view text) {
    std::vector<std::uint8_t> bytes(text.begin(), text.end());
    const std::size_t left = telnet_decode(reader, bytes);
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(left)};
}

std::string decoded(std::string_view text) {
    TelnetReader reader;
    return decoded(reader, text);
}

std::string encoded(std::string_view text) {
    std::vector<std::uint8_t> bytes(text.begin(), text.end());
    telnet_encode(bytes);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_SUITE("base/telnet") {
    TEST_CASE("commands are taken out of the stream (RFC 854)") {
        CHECK(decoded("plain text\n") == "plain text\n");
        CHECK(decoded("a\xff\xfb\x01z"sv) == "az");    // WILL ECHO
        CHECK(decoded("a\xff\xfe\xffz"sv) == "az");    // DONT 255
        CHECK(decoded("a\xff\xf1z"sv) == "az");        // NOP has no option
        CHECK(decoded("a\xff\xf3z"sv) == "az");        // BREAK
        CHECK(decoded("a\xff\xffz"sv) == "a\xffz"sv);  // the byte itself
        CHECK(decoded("a\xff\xfa\x18\x00vt\xff\xf0z"sv) == "az");
        CHECK(decoded("a\xff\xfa\x1f\xff\xff\x50\xff\xf0z"sv) == "az");
    }

    TEST_CASE("a carriage return alone comes as CR NUL, unless the peer sends eight-bit bytes") {
        CHECK(decoded("a\r\0b"sv) == "a\rb");
        CHECK(decoded("a\r\nb"sv) == "a\r\nb");
        CHECK(decoded("a\r\xff\xff"sv) == "a\r\xff"sv);
        CHECK(decoded("\xff\xfb\x00r\r\0b"sv) == "r\r\0b"sv);
        CHECK(decoded("\xff\xfb\x00\xff\xfc\x00r\r\0b"sv) == "r\rb");
        CHECK(decoded("a\0b"sv) == "a\0b"sv);
    }

    TEST_CASE("any cutting into pieces gives the same stream") {
        static constexpr auto kText =
            "a\xff\xfb\x01\r\0\xff\xfa\x18\xff\xffq\xff\xf0\xff\xff\r\nz"sv;
        const std::string whole = decoded(kText);
        CHECK(whole == "a\r\xff\r\nz"sv);

        for (std::size_t cut = 0; cut <= kText.size(); ++cut) {
            TelnetReader reader;
            const std::string first = decoded(reader, kText.substr(0, cut));
            CHECK(first + decoded(reader, kText.substr(cut)) == whole);
        }
    }

    TEST_CASE("plain tells what needs no look") {
        TelnetReader reader;

        CHECK(reader.plain("abc") == 3);
        CHECK(reader.plain("ab\xff") == 2);
        CHECK(reader.plain("\r") == 0);
        CHECK_FALSE(reader.take('\xff').has_value());
        CHECK(reader.plain("abc") == 0);
    }

    TEST_CASE("the escape is sent twice, all else once") {
        CHECK(encoded("abc\r\n") == "abc\r\n");
        CHECK(encoded("\xff"
                      "a\xff\xff") ==
              "\xff\xff"
              "a\xff\xff\xff\xff");
        CHECK(decoded(encoded("x\xff\xfb\x01y")) == "x\xff\xfb\x01y");
    }
}
