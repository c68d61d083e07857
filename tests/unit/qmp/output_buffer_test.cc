// SPDX-License-Identifier: Apache-2.0
// Proves qmp/output_buffer.
#include "qmp/output_buffer.h"

#include <doctest/doctest.h>

#include <string>

using siskin::qmp::OutputBuffer;

TEST_SUITE("qmp/output_buffer") {
    TEST_CASE("bytes come out in order, in pieces of any size, while more are added") {
        OutputBuffer buffer;
        CHECK(buffer.empty());
        std::string expected;
        std::string got;
        for (std::size_t turn = 0; turn < 300; ++turn) {
            const std::string piece(turn * 7, static_cast<char>('a' + turn % 26));
            buffer.append(piece);
            expected += piece;
            const std::string_view some = buffer.view().substr(0, turn * 5);
            got += some;
            buffer.sent(some.size());
            REQUIRE(buffer.size() == expected.size() - got.size());
        }
        got += buffer.view();
        buffer.sent(buffer.size());

        CHECK(buffer.empty());
        CHECK(buffer.view().empty());
        CHECK(got == expected);
    }

    TEST_CASE("sending a long output byte by byte costs no square") {
        OutputBuffer buffer;
        constexpr std::size_t kSize = std::size_t{4} << 20U;
        buffer.append(std::string(kSize, 'x'));
        // Four million moves of four mebibytes would take hours.
        for (std::size_t sent = 0; sent < kSize; ++sent) {
            buffer.sent(1);
        }

        CHECK(buffer.empty());
    }
}
