// SPDX-License-Identifier: Apache-2.0
// Proves qmp/protocol_handlers, and that what the schema generates agrees with itself.
#include "qmp/protocol_handlers.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "qmp/generated/events.h"
#include "qmp/parser.h"

using siskin::ErrorClass;
using siskin::Value;
using siskin::qmp::command_table;
using siskin::qmp::event_table;
using siskin::qmp::parse_json;
using siskin::qmp::ProtocolHandlers;
using siskin::qmp::schema_text;

namespace {

// The names of the schema's entries of one kind.
std::set<std::string> names_of(const Value& schema, const std::string& meta_type) {
    std::set<std::string> out;
    for (const Value& entry : *schema.as_list()) {
        if (*entry.as_dict()->find("meta-type") == Value(meta_type)) {
            out.insert(*entry.as_dict()->find("name")->as_string());
        }
    }
    return out;
}

}  // namespace

TEST_SUITE("qmp/protocol_handlers") {
    TEST_CASE("query-version tells the level and the package") {
        ProtocolHandlers handlers("siskin-1.0");
        const auto version = handlers.query_version();

        REQUIRE(version.has_value());
        CHECK(version->package == "siskin-1.0");
        CHECK(version->qemu.major == 7);
        CHECK(version->qemu.minor == 2);
        CHECK(version->qemu.micro == 0);
    }

    TEST_CASE("qmp_capabilities out of turn is refused (QMP spec §4) (Q04)") {
        ProtocolHandlers handlers("siskin");
        const auto done = handlers.qmp_capabilities({});

        REQUIRE_FALSE(done.has_value());
        CHECK(done.error().error_class == ErrorClass::CommandNotFound);
        CHECK(done.error().message ==
              "Capabilities negotiation is already complete, command ignored");
    }

    TEST_CASE("query-commands, the schema and the table name the same commands") {
        ProtocolHandlers handlers("siskin");
        const auto schema = parse_json(schema_text());
        const auto listed = handlers.query_commands();
        std::set<std::string> in_list;
        std::set<std::string> in_table;
        for (const auto& command : *listed) {
            in_list.insert(command.name);
        }
        for (const auto& row : command_table()) {
            in_table.insert(std::string(row.name));
        }

        REQUIRE(schema.has_value());
        CHECK(names_of(*schema, "command") == in_table);
        CHECK(in_list == in_table);
        CHECK(in_table.size() == command_table().size());
    }

    TEST_CASE("the schema and the table name the same events") {
        const auto schema = parse_json(schema_text());
        std::set<std::string> in_table;
        for (const auto& row : event_table()) {
            in_table.insert(std::string(row.name));
        }

        REQUIRE(schema.has_value());
        CHECK(names_of(*schema, "event") == in_table);
    }

    TEST_CASE("every type the schema mentions is in it") {
        const auto schema = parse_json(schema_text());
        REQUIRE(schema.has_value());
        std::set<std::string> names;
        for (const Value& entry : *schema->as_list()) {
            CHECK(names.insert(*entry.as_dict()->find("name")->as_string()).second);
        }
        for (const Value& entry : *schema->as_list()) {
            for (const auto& [key, value] : *entry.as_dict()) {
                if (key.ends_with("-type") && key != "meta-type" && key != "json-type") {
                    CHECK(names.count(*value.as_string()) == 1);
                }
            }
        }
    }

    TEST_CASE("the schema fits clients that read lines of 64 KiB") {
        CHECK(schema_text().size() < 65536);
    }
}
