// SPDX-License-Identifier: Apache-2.0
// Proves base/object/property.
#include "base/object/property.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/base/object/example_device.h"

namespace siskin {

TEST_SUITE("base/object/property") {
    TEST_CASE("a row knows its field's type, bounds and default") {
        ExampleConfig config;

        const BoundProperty found = find_property(kExampleGroups, &config, "num-queues");

        REQUIRE(found.row != nullptr);
        CHECK(found.row->type_name == "uint16");
        CHECK(found.row->description == "Number of queues.");
        CHECK(found.row->range.max == 64);
        CHECK(found.get() == Value(1));
    }

    TEST_CASE("a property of a part reaches the part's field") {
        ExampleConfig config;

        REQUIRE(set_property(kExampleGroups, &config, "example", "addr", "1.0").has_value());

        CHECK(config.bus.address == "1.0");
        CHECK(find_property(kExampleGroups, &config, "addr").get() == Value("1.0"));
    }

    TEST_CASE("setting by text and by JSON give the same") {
        ExampleConfig by_text;
        ExampleConfig by_json;

        REQUIRE(set_property(kExampleGroups, &by_text, "e", "num-queues", "8").has_value());
        REQUIRE(set_property(kExampleGroups, &by_json, "e", "num-queues", 8).has_value());

        CHECK(by_text.queue_count == 8);
        CHECK(by_json.queue_count == 8);
    }

    TEST_CASE("an unknown name is an error that quotes it harmlessly") {
        ExampleConfig config;

        const auto failed = set_property(kExampleGroups, &config, "example-pci", "nope\n", 1);

        REQUIRE_FALSE(failed.has_value());
        CHECK(failed.error().message == "Property 'example-pci.nope\\x0a' not found");
        CHECK(find_property(kExampleGroups, &config, "").row == nullptr);
    }

    TEST_CASE("a value out of bounds is an error that says what is allowed; nothing changes") {
        ExampleConfig config;

        const auto failed = set_property(kExampleGroups, &config, "example-pci", "num-queues", 65);

        REQUIRE_FALSE(failed.has_value());
        CHECK(failed.error().message ==
              "Property 'example-pci.num-queues' doesn't take value '65', allowed is a number from "
              "1 to 64");
        CHECK(config.queue_count == 1);
    }

    TEST_CASE("a value of the wrong kind is an error") {
        ExampleConfig config;

        const auto list = set_property(kExampleGroups, &config, "e", "read-only", Value::List{});

        REQUIRE_FALSE(list.has_value());
        CHECK(list.error().message ==
              "Property 'e.read-only' doesn't take value '<list>', allowed is on or off");
    }

    TEST_CASE("values are shown as people write them") {
        CHECK(display(true) == "on");
        CHECK(display(false) == "off");
        CHECK(display(-7) == "-7");
        CHECK(display(~std::uint64_t{0}) == "18446744073709551615");
        CHECK(display("text") == "text");
        CHECK(display(0.5) == "0.5");
        CHECK(display(Value()) == "<null>");
        CHECK(display(Value::Dict{}) == "<object>");
    }
}

}  // namespace siskin
