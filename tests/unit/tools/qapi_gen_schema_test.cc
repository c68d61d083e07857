// SPDX-License-Identifier: Apache-2.0
// Proves tools/qapi_gen against the golden schemas of tests/schema.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/qapi_gen/checker.h"
#include "tools/qapi_gen/emit.h"
#include "tools/qapi_gen/loader.h"

namespace {

namespace fs = std::filesystem;
using siskin::Result;
using siskin::qapi::check;
using siskin::qapi::emit_docs;
using siskin::qapi::emit_introspection;
using siskin::qapi::introspection_text;
using siskin::qapi::load;
using siskin::qapi::Schema;

const fs::path kFolder = SISKIN_SCHEMA_TESTS;

std::string content(const fs::path& path) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

Result<Schema> checked(const fs::path& path) {
    Schema schema = SISKIN_TRY(load({path.string()}));
    SISKIN_TRY(check(schema));
    return schema;
}

std::vector<fs::path> schemas_of(const std::string& folder) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(kFolder / folder)) {
        if (entry.path().extension() == ".json") {
            out.push_back(entry.path());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

TEST_SUITE("tools/qapi_gen/schema") {
    TEST_CASE("each bad schema gives its one line, which names the file") {
        const auto bad = schemas_of("bad");
        CHECK(bad.size() >= 40);
        for (const fs::path& path : bad) {
            CAPTURE(path.string());
            const auto schema = checked(path);
            const std::string expected = content(fs::path(path).replace_extension(".txt"));

            REQUIRE_FALSE(schema.has_value());
            CHECK(schema.error().message + '\n' == expected);
            CHECK(expected.starts_with(path.filename().string() + ": "));
            CHECK(std::count(expected.begin(), expected.end(), '\n') == 1);
        }
    }

    TEST_CASE("the good schema gives its introspection and its page") {
        const auto schema = checked(kFolder / "good/everything.json");

        REQUIRE(schema.has_value());
        CHECK(introspection_text(*schema) + '\n' == content(kFolder / "good/everything.txt"));
        CHECK(emit_docs(*schema) == content(kFolder / "good/everything.golden.md"));
    }

    TEST_CASE("a file that is not there is named") {
        const auto schema = load({"/nonexistent/x.json"});

        REQUIRE_FALSE(schema.has_value());
        CHECK(schema.error().message.starts_with("x.json: "));
    }
}
