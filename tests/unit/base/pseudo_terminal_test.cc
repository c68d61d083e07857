// SPDX-License-Identifier: Apache-2.0
// Proves base/pseudo_terminal.
#include "base/pseudo_terminal.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

using siskin::Fd;
using siskin::PseudoTerminal;

TEST_SUITE("base/pseudo_terminal") {
    TEST_CASE("bytes pass both ways untouched, and nothing is echoed") {
        const auto terminal = PseudoTerminal::open();
        REQUIRE(terminal.has_value());
        std::array<char, 16> bytes{};

        REQUIRE(::write(terminal->master.get(), "a\r\n\x03", 4) == 4);
        CHECK(::read(terminal->slave.get(), bytes.data(), bytes.size()) == 4);
        CHECK(std::string(bytes.data(), 4) == "a\r\n\x03");
        CHECK(::read(terminal->master.get(), bytes.data(), bytes.size()) == -1);
        REQUIRE(::write(terminal->slave.get(), "b\n", 2) == 2);
        CHECK(::read(terminal->master.get(), bytes.data(), bytes.size()) == 2);
    }

    TEST_CASE("the path opens the slave, raw as it was left") {
        auto terminal = PseudoTerminal::open();
        terminal->slave.reset();
        pollfd state{terminal->master.get(), 0, 0};
        CHECK(::poll(&state, 1, 0) == 1);
        CHECK((state.revents & POLLHUP) != 0);

        const Fd slave(::open(terminal->path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));

        REQUIRE(slave.valid());
        CHECK(::poll(&state, 1, 0) == 0);
        REQUIRE(::write(slave.get(), "x\n", 2) == 2);
        std::array<char, 16> bytes{};
        CHECK(::read(terminal->master.get(), bytes.data(), bytes.size()) == 2);
    }
}
