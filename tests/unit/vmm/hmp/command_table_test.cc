// SPDX-License-Identifier: Apache-2.0
// The command tables: help and completion come from their rows.
#include "vmm/hmp/command_table.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"

namespace siskin::hmp {
namespace {

std::string words(std::string_view text) {
    return join(completions(text), " ");
}

bool is_sorted(std::span<const CommandRow> table) {
    return std::is_sorted(
        table.begin(), table.end(),
        [](const CommandRow& left, const CommandRow& right) { return left.name < right.name; });
}

}  // namespace

TEST_SUITE("vmm/hmp/command_table") {
    TEST_CASE("both tables are sorted by name, and every row has a help text") {
        CHECK(is_sorted(command_table()));
        CHECK(is_sorted(info_table()));
        for (const CommandRow& row : info_table()) {
            CAPTURE(row.name);
            CHECK_FALSE(row.help.empty());
            CHECK((row.run != nullptr));
        }
    }

    TEST_CASE("a command is found by name and by alias") {
        REQUIRE(find_row(command_table(), "c") != nullptr);
        CHECK(find_row(command_table(), "c")->name == "cont");
        CHECK(find_row(command_table(), "cont")->name == "cont");
        CHECK(find_row(command_table(), "") == nullptr);
        CHECK(find_row(command_table(), "con") == nullptr);
    }

    TEST_CASE("a help line has names, arguments and meaning") {
        CHECK(help_line("", *find_row(command_table(), "stop")) ==
              "stop|s  -- pause the virtual CPUs\n");
        CHECK(help_line("info ", *find_row(info_table(), "status")) ==
              "info status  -- whether the machine runs\n");
        CHECK(help_line("", *find_row(command_table(), "xp")) ==
              "xp /fmt addr -- show memory at a physical address\n");
    }

    TEST_CASE("getfd alone takes a descriptor that is passed along") {
        CHECK(takes_descriptor("getfd a"));
        CHECK(takes_descriptor(" \tgetfd\ta"));
        for (const std::string_view line :
             {"", " ", "getf a", "getfdx a", "help getfd", "closefd a"}) {
            CHECK_FALSE(takes_descriptor(line));
        }
    }

    TEST_CASE("the last word is completed from the table that its place asks for") {
        CHECK(words("st") == "stop");
        CHECK(words("x") == "x xp");
        CHECK(words(" sys") == "system_powerdown system_reset");
        CHECK(words("info st") == "stats status");
        CHECK(words("info qo") == "qom-tree");
        CHECK(words("help co") == "cont");
        CHECK(words("chardev-") == "chardev-add chardev-change chardev-remove");
        CHECK(words("? info statu") == "status");
        CHECK(words("help info uu") == "uuid");
        CHECK(completions("").size() > command_table().size());
    }

    TEST_CASE("where nothing fits nothing is offered") {
        CHECK(words("zz").empty());
        CHECK(words("stop s").empty());
        CHECK(words("info status x").empty());
        CHECK(words("help stop s").empty());
        CHECK(words("help info status x").empty());
    }
}

}  // namespace siskin::hmp
