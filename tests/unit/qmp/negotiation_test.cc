// SPDX-License-Identifier: Apache-2.0
// Proves qmp/negotiation (QMP spec §2.2 and §4).
#include "qmp/negotiation.h"

#include <doctest/doctest.h>

#include "qmp/parser.h"
#include "qmp/protocol_handlers.h"

using siskin::ErrorClass;
using siskin::qmp::CommandObject;
using siskin::qmp::greeting;
using siskin::qmp::Negotiation;
using siskin::qmp::parse_json;
using siskin::qmp::version_info;

namespace {

CommandObject capabilities(std::string_view arguments) {
    return {"qmp_capabilities", false, *parse_json(arguments)};
}

}  // namespace

TEST_SUITE("qmp/negotiation") {
    TEST_CASE("the greeting tells the level, the package and oob") {
        CHECK(greeting(version_info("siskin-1.2.3")) ==
              "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7, \"minor\": 2, \"micro\": 0}, "
              "\"package\": \"siskin-1.2.3\"}, \"capabilities\": [\"oob\"]}}");
    }

    TEST_CASE("every other command is told what is expected (Q04)") {
        Negotiation negotiation;
        const auto done = negotiation.answer({"query-status", false, {}});

        REQUIRE_FALSE(done.has_value());
        CHECK(done.error().error_class == ErrorClass::CommandNotFound);
        CHECK(done.error().message == "Expecting capabilities negotiation with 'qmp_capabilities'");
        CHECK_FALSE(negotiation.is_complete());
    }

    TEST_CASE("no arguments and an empty list switch nothing on") {
        for (const auto* const arguments : {"{}", "{\"enable\":[]}"}) {
            Negotiation negotiation;

            CHECK(negotiation.answer(capabilities(arguments)).has_value());
            CHECK(negotiation.is_complete());
            CHECK_FALSE(negotiation.oob());
        }
    }

    TEST_CASE("oob is switched on by name, once or twice") {
        for (const auto* const arguments :
             {"{\"enable\":[\"oob\"]}", "{\"enable\":[\"oob\",\"oob\"]}"}) {
            Negotiation negotiation;

            CHECK(negotiation.answer(capabilities(arguments)).has_value());
            CHECK(negotiation.oob());
        }
    }

    TEST_CASE("bad arguments change nothing, and the client may try again") {
        Negotiation negotiation;

        CHECK(negotiation.answer(capabilities("{\"enable\":[\"bogus\"]}")).error().message ==
              "Parameter 'null' does not accept value 'bogus'");
        CHECK(negotiation.answer(capabilities("{\"enable\":[\"oob\",1]}")).error().message ==
              "Invalid parameter type for 'enable[1]', expected: string");
        CHECK(negotiation.answer(capabilities("{\"foo\":1}")).error().message ==
              "Parameter 'foo' is unexpected");
        CHECK_FALSE(negotiation.is_complete());
        CHECK_FALSE(negotiation.oob());
        CHECK(negotiation.answer(capabilities("{}")).has_value());
    }
}
