// SPDX-License-Identifier: Apache-2.0
// Proves qmp/request: the checks of a command object, in QEMU's words.
#include "qmp/request.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "qmp/parser.h"

using siskin::ErrorClass;
using siskin::Result;
using siskin::Value;
using siskin::qmp::check_command_object;
using siskin::qmp::CommandCall;
using siskin::qmp::CommandRow;
using siskin::qmp::decode_call;
using siskin::qmp::parse_json;
using siskin::qmp::request_id;
using siskin::qmp::Role;

namespace {

std::string checked(std::string_view text, bool oob = false) {
    const auto object = check_command_object(*parse_json(text), oob);
    return object ? object->command : object.error().message;
}

constexpr std::array<CommandRow, 2> kTable{{
    {.name = "plain", .decode = [](Value) -> Result<CommandCall> { return CommandCall{}; }},
    {.name = "urgent",
     .decode = [](Value) -> Result<CommandCall> { return CommandCall{}; },
     .role = Role::Observe,
     .allow_oob = true},
}};

Result<CommandCall> decoded(std::string_view text) {
    return decode_call(*check_command_object(*parse_json(text), true), kTable);
}

}  // namespace

TEST_SUITE("qmp/request") {
    TEST_CASE("what is no object is refused") {
        for (const auto* const text : {"[1]", "\"x\"", "42", "true", "null"}) {
            CHECK(checked(text) == "QMP input must be a JSON object");
        }
    }

    TEST_CASE("a command object needs 'execute', a string") {
        CHECK(checked("{}") == "QMP input lacks member 'execute'");
        CHECK(checked("{\"id\":1}") == "QMP input lacks member 'execute'");
        CHECK(checked("{\"execute\":1}") == "QMP input member 'execute' must be a string");
        CHECK(checked("{\"execute\":null}") == "QMP input member 'execute' must be a string");
        CHECK(checked("{\"execute\":\"stop\"}") == "stop");
    }

    TEST_CASE("'execute' and 'exec-oob' clash, the second is named first") {
        CHECK(checked("{\"execute\":\"a\",\"exec-oob\":\"b\"}", true) ==
              "QMP input member 'exec-oob' clashes with 'execute'");
        CHECK(checked("{\"exec-oob\":\"b\",\"execute\":\"a\"}", true) ==
              "QMP input member 'execute' clashes with 'exec-oob'");
    }

    TEST_CASE("'exec-oob' is unexpected until it is switched on") {
        CHECK(checked("{\"exec-oob\":\"a\"}", false) ==
              "QMP input member 'exec-oob' is unexpected");
        CHECK(checked("{\"exec-oob\":\"a\"}", true) == "a");
        CHECK(checked("{\"exec-oob\":1}", true) == "QMP input member 'exec-oob' must be a string");
    }

    TEST_CASE("'arguments' is an object") {
        CHECK(checked("{\"execute\":\"a\",\"arguments\":[]}") ==
              "QMP input member 'arguments' must be an object");
        CHECK(checked("{\"execute\":\"a\",\"arguments\":null}") ==
              "QMP input member 'arguments' must be an object");
        CHECK(checked("{\"execute\":\"a\",\"arguments\":{}}") == "a");
    }

    TEST_CASE("any other member is unexpected") {
        CHECK(checked("{\"execute\":\"a\",\"foo\":1}") == "QMP input member 'foo' is unexpected");
    }

    TEST_CASE("the id is found where the message is an object, whatever else is wrong (Q15)") {
        CHECK(request_id(*parse_json("{\"id\":[1],\"x\":2}")) == Value(Value::List{1}));
        CHECK(request_id(*parse_json("{\"id\":null}")) == Value());
        CHECK_FALSE(request_id(*parse_json("{}")).has_value());
        CHECK_FALSE(request_id(*parse_json("[\"id\"]")).has_value());
    }

    TEST_CASE("an unknown command has an error class of its own") {
        const auto call = decoded("{\"execute\":\"nonesuch\"}");

        REQUIRE_FALSE(call.has_value());
        CHECK(call.error().error_class == ErrorClass::CommandNotFound);
        CHECK(call.error().message == "The command nonesuch has not been found");
    }

    TEST_CASE("only a command that allows it may be sent out of band") {
        CHECK(decoded("{\"exec-oob\":\"urgent\"}").has_value());
        const auto call = decoded("{\"exec-oob\":\"plain\"}");

        REQUIRE_FALSE(call.has_value());
        CHECK(call.error().message == "The command plain does not support OOB");
    }

    TEST_CASE("who may only observe is refused what changes the machine, before its arguments") {
        const auto object = *check_command_object(*parse_json("{\"execute\":\"plain\"}"), true);
        const auto call = decode_call(object, kTable, Role::Observe);

        REQUIRE_FALSE(call.has_value());
        CHECK(call.error().error_class == ErrorClass::GenericError);
        CHECK(call.error().message ==
              "The command plain is not allowed here: this monitor's role is observe");
        CHECK(decode_call(*check_command_object(*parse_json("{\"execute\":\"urgent\"}"), true),
                          kTable, Role::Observe)
                  .has_value());
    }
}
