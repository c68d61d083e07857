// SPDX-License-Identifier: Apache-2.0
// Proves qmp/utf8.
#include "qmp/utf8.h"

#include <doctest/doctest.h>

#include <string>

using siskin::qmp::append_utf8;
using siskin::qmp::take_utf8;

TEST_SUITE("qmp/utf8") {
    TEST_CASE("the first and last text character of each length survive both ways (RFC 3629 §3)") {
        for (const char32_t character :
             {0x0U, 0x7fU, 0x80U, 0x7ffU, 0x800U, 0xfffdU, 0x10000U, 0x10fffdU}) {
            std::string text;
            append_utf8(text, character);
            const auto taken = take_utf8(text);

            CHECK(taken.valid);
            CHECK(taken.character == character);
            CHECK(taken.length == text.size());
        }
    }

    TEST_CASE("overlong forms, surrogates and what lies beyond Unicode are refused (RFC 3629 §3)") {
        CHECK_FALSE(take_utf8("\xc1\xbf").valid);
        CHECK_FALSE(take_utf8("\xe0\x9f\xbf").valid);
        CHECK_FALSE(take_utf8("\xf0\x8f\xbf\xbf").valid);
        CHECK_FALSE(take_utf8("\xed\xa0\x80").valid);
        CHECK_FALSE(take_utf8("\xf4\x90\x80\x80").valid);
        CHECK_FALSE(take_utf8("\xf8\x88\x80\x80\x80").valid);
    }

    TEST_CASE("a sequence that is cut off is as long as what is there") {
        const auto taken = take_utf8("\xe2\x98");

        CHECK_FALSE(taken.valid);
        CHECK(taken.length == 2);
    }

    TEST_CASE("a lone continuation byte is one byte to go on by") {
        const auto taken = take_utf8("\x80z");

        CHECK_FALSE(taken.valid);
        CHECK(taken.length == 1);
    }

    TEST_CASE("C0 80 is U+0000, no other overlong form is anything") {
        CHECK(take_utf8("\xc0\x80").valid);
        CHECK(take_utf8("\xc0\x80").character == 0);
        CHECK_FALSE(take_utf8("\xc0\x81").valid);
    }

    TEST_CASE("noncharacters are no characters of a text, their neighbours are (Unicode 23.7)") {
        for (const char* const text :
             {"\xef\xbf\xbf", "\xef\xbf\xbe", "\xef\xb7\x90", "\xef\xb7\xaf", "\xf0\x9f\xbf\xbf"}) {
            CHECK_FALSE(take_utf8(text).valid);
        }
        for (const char* const text :
             {"\xef\xbf\xbd", "\xef\xb7\x8f", "\xef\xb7\xb0", "\xf0\x9f\xbf\xbd"}) {
            CHECK(take_utf8(text).valid);
        }
    }
}
