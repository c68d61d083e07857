// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/commands_options.
#include "vmm/machine/commands_options.h"

#include <doctest/doctest.h>

#include "vmm/machine/command_line.h"

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

TEST_SUITE("vmm/machine/commands_options") {
    TEST_CASE("every option is listed, with or without keys") {
        const auto listed = OptionsHandlers().query_command_line_options({});

        REQUIRE(listed.has_value());
        CHECK(listed->size() == describe_options().size());
    }

    TEST_CASE("one option has its keys with the kind of value each takes") {
        const auto smp = OptionsHandlers().query_command_line_options({"smp-opts"});
        const auto message = OptionsHandlers().query_command_line_options({"msg"});

        REQUIRE(smp.has_value());
        REQUIRE(smp->size() == 1);
        CHECK(smp->front().parameters.front().name == "cpus");
        CHECK(smp->front().parameters.front().type == qmp::CommandLineParameterType::Number);
        REQUIRE(message.has_value());
        CHECK(message->front().parameters.front().type == qmp::CommandLineParameterType::Boolean);
    }

    TEST_CASE("an option that does not exist is an error in QEMU's words") {
        const auto listed = OptionsHandlers().query_command_line_options({"nope"});

        REQUIRE_FALSE(listed.has_value());
        CHECK(listed.error().message == "invalid option name: nope");
    }
}
