// SPDX-License-Identifier: Apache-2.0
// Proves qmp/command_record: what the log tells of a command, and what it keeps to itself.
#include "qmp/command_record.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "base/log.h"
#include "qmp/generated/commands.h"
#include "tests/harness/temporary_directory.h"

using siskin::ErrorClass;
using siskin::fail;
using siskin::Result;
using siskin::Value;
using siskin::qmp::command_table;
using siskin::qmp::CommandRecord;
using siskin::qmp::decode_call;
using siskin::qmp::id_digest;
using siskin::qmp::Request;

namespace {

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_SUITE("qmp/command_record") {
    TEST_CASE("an id's digest is FNV-1a of its JSON text, and '-' without an id") {
        CHECK(id_digest({}) == "-");
        // The published value for the one byte 'a' is e40c292c; an id 7 is the one byte '7'.
        CHECK(id_digest(Value(7)) == "320ca3f6");
        CHECK(id_digest(Value("7")) != id_digest(Value(7)));
        CHECK(id_digest(Value()).size() == 8);
    }

    // The log's file stays for the process's life, so this is one case.
    TEST_CASE("with -d qmp a line names command, id, result and time, and no argument") {
        const siskin::test::TemporaryDirectory folder;
        const std::string path = folder.path() + "/log";
        REQUIRE(siskin::log::to_file(path).has_value());
        const Request unknown{
            Value("secret"), decode_call({"secret", false, Value(Value::Dict())}, command_table())};
        CommandRecord(0, 1, unknown).done(fail("x"));
        CHECK(content(path).empty());

        siskin::log::enable(siskin::log::Topic::Qmp);
        Value::Dict arguments;
        arguments.insert("fdname", "secret");
        const Request known{Value(7),
                            decode_call({"closefd", false, Value(arguments)}, command_table()),
                            {},
                            "closefd"};
        CommandRecord(2, 5, known).done(fail(ErrorClass::DeviceNotFound, "secret"));
        CommandRecord(2, 5, known).done(Result<std::string>("\"secret\""));
        CommandRecord(2, 5, unknown).done(fail(ErrorClass::CommandNotFound, "secret"));

        const std::string text = content(path);
        CHECK(text.find(
                  "siskin: QMP monitor 2 client 5: closefd, id 320ca3f6: DeviceNotFound in ") == 0);
        CHECK(text.find("closefd, id 320ca3f6: ok in ") != std::string::npos);
        CHECK(text.find("(no command), id ") != std::string::npos);
        CHECK(text.find(" us\n") != std::string::npos);
        CHECK(text.find("secret") == std::string::npos);
    }
}
