// SPDX-License-Identifier: Apache-2.0
// Proves qmp/framer.
#include "qmp/framer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using siskin::qmp::Frame;
using siskin::qmp::Framer;

namespace {

// "E:" before an error, "M:" before a message.
std::vector<std::string> frames(std::string_view bytes, std::size_t chunk,
                                const Framer::Limits& limits = {}) {
    Framer framer(limits);
    std::vector<std::string> out;
    while (!bytes.empty()) {
        std::string_view part = bytes.substr(0, chunk);
        bytes.remove_prefix(part.size());
        while (!part.empty()) {
            std::optional<Frame> frame;
            part.remove_prefix(framer.feed(part, frame));
            if (frame) {
                out.push_back((frame->is_error ? "E:" : "M:") + frame->text);
            }
        }
    }
    return out;
}

std::vector<std::string> frames(std::string_view bytes) {
    return frames(bytes, bytes.size());
}

using Texts = std::vector<std::string>;

const std::string kMixed =
    "{\"a\": [1, 2.5e-3, \"x\\\"}\"]}  true 'q\"' [}] 01} \xff{\"b\xff{}\n[[1],{}]-5 nul/**/{1}";

}  // namespace

TEST_SUITE("qmp/framer") {
    TEST_CASE("a value is whole when its brackets balance, without any line end") {
        CHECK(frames("{\"a\":[{}]}") == Texts{"M:{\"a\":[{}]}"});
    }

    TEST_CASE("values back to back come out one by one") {
        CHECK(frames("{}[]\"x\"") == Texts{"M:{}", "M:[]", "M:\"x\""});
    }

    TEST_CASE("white space between values is silent") {
        CHECK(frames(" \t\r\n").empty());
        CHECK(frames("{ \n\t }") == Texts{"M:{ }"});
    }

    TEST_CASE("brackets and quotes inside a string do not count") {
        CHECK(frames("{\"}\\\"]\":'\"'}") == Texts{"M:{\"}\\\"]\":'\"'}"});
    }

    TEST_CASE("a bare number or word ends at the byte after it") {
        CHECK(frames("42").empty());
        CHECK(frames("42 null,") == Texts{"M:42", "M:null", "M:,"});
    }

    TEST_CASE("every way to cut the stream gives the same frames") {
        const Texts whole = frames(kMixed);

        CHECK(whole.size() > 10);
        CHECK(frames(kMixed, 1) == whole);
        CHECK(frames(kMixed, 2) == whole);
        CHECK(frames(kMixed, 3) == whole);
        CHECK(frames(kMixed, 7) == whole);
        CHECK(frames(kMixed, 13) == whole);
    }

    TEST_CASE("tokens in any order, near any limit, give byte by byte what they give at once") {
        const std::vector<std::string> pieces{
            "{",     "}",       "[",        "]",    ":",        ",",  " ",    "  ",
            "\n",    "\"on\"",  "\"a b'\"", "'q'",  "\"\\\"\"", "12", "-7",   "0",
            "01",    "1.5",     "-",        "true", "nul1",     "\"", "\xff", "\"\xc3\xa9\"",
            "4096,", "\"k\": 1"};
        const Framer::Limits limits{48, 4, 20};
        std::minstd_rand random(1);
        for (int round = 0; round < 20'000; ++round) {
            std::string bytes(random() % 2 == 0 ? "{" : "[");
            for (auto left = random() % 24; left > 0; --left) {
                bytes += pieces[random() % pieces.size()];
            }
            const std::size_t chunk = 2 + random() % 9;

            const Texts whole = frames(bytes, bytes.size(), limits);

            CAPTURE(bytes);
            REQUIRE(frames(bytes, 1, limits) == whole);
            REQUIRE(frames(bytes, chunk, limits) == whole);
        }
    }

    TEST_CASE("a control character or 0xFF starts afresh, also inside a string (QMP spec §2.3.1)") {
        CHECK(frames("{\"execute\": \"foo\xff{}") ==
              Texts{"E:JSON parse error, stray '\"foo\xff'", "M:{}"});
        CHECK(frames("{\"a\": \x01{}") == Texts{"E:JSON parse error, stray '\x01'", "M:{}"});
        CHECK(frames("\"abc\n{}") == Texts{"E:JSON parse error, stray '\"abc\n'", "M:{}"});
    }

    TEST_CASE("after a stray byte the stream goes on at the next structural character") {
        CHECK(frames("/* x */{}") == Texts{"E:JSON parse error, stray '/'", "M:{}"});
        CHECK(frames("{\"id\":+1}") == Texts{"E:JSON parse error, stray '+'", "M:}"});
    }

    TEST_CASE("a number of a wrong form is stray together with the byte that shows it") {
        CHECK(frames("01 ") == Texts{"E:JSON parse error, stray '01'"});
        CHECK(frames("1.}") == Texts{"E:JSON parse error, stray '1.}'"});
        CHECK(frames("-]") == Texts{"E:JSON parse error, stray '-]'"});
        CHECK(frames("1e+]") == Texts{"E:JSON parse error, stray '1e+]'"});
        CHECK(frames("-0.5E-7 ") == Texts{"M:-0.5E-7"});
    }

    TEST_CASE("a bracket too many is a message of its own") {
        CHECK(frames("[}]") == Texts{"M:[}", "M:]"});
    }

    TEST_CASE("a quoted token is cut in the error") {
        const Texts out = frames('"' + std::string(100000, 'x') + '\n');

        REQUIRE(out.size() == 1);
        CHECK(out[0].size() < 200);
    }

    TEST_CASE("1024 levels pass, 1025 give one error and silence to their end (Q02)") {
        const std::string open(1025, '[');
        const std::string close(1025, ']');

        CHECK(frames(open.substr(1) + close.substr(1)).at(0).starts_with("M:[[["));
        CHECK(frames(open + close + "{}") == Texts{"E:JSON nesting depth limit exceeded", "M:{}"});
    }

    TEST_CASE("a message at the size limit passes, one byte more gives one error (Q01)") {
        const Framer::Limits limits{16, 1024, 1024};

        CHECK(frames("[\"0123456789ab\"]{}", 5, limits) == Texts{"M:[\"0123456789ab\"]", "M:{}"});
        CHECK(frames("[\"0123456789abc\"]{}", 5, limits) ==
              Texts{"E:JSON token size limit exceeded", "M:{}"});
    }

    TEST_CASE("a string without an end costs no memory beyond the limit (Q01)") {
        const Framer::Limits limits{1024, 1024, 1024};

        CHECK(frames('"' + std::string(1 << 20, 'x') + "\"{}", 4096, limits) ==
              Texts{"E:JSON token size limit exceeded", "M:{}"});
    }

    TEST_CASE("tokens at the limit pass, one more gives one error") {
        const Framer::Limits limits{1024, 1024, 5};

        CHECK(frames("[1,2]{}", 7, limits) == Texts{"M:[1,2]", "M:{}"});
        CHECK(frames("[1,2,]{}", 8, limits) == Texts{"E:JSON token count limit exceeded", "M:{}"});
    }

    TEST_CASE("0xFF ends the silence after a limit") {
        const Framer::Limits limits{8, 1024, 1024};

        CHECK(frames("[1,2,3,4,5\xff{}", 4, limits) ==
              Texts{"E:JSON token size limit exceeded", "M:{}"});
    }

    TEST_CASE("white space does not count towards the size") {
        const Framer::Limits limits{8, 1024, 1024};

        CHECK(frames("[1," + std::string(1000, ' ') + "2]", 64, limits) == Texts{"M:[1, 2]"});
    }
}
