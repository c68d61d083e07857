// SPDX-License-Identifier: Apache-2.0
// qapi_gen: the QMP schema to C++, introspection text and the reference page.
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "tools/qapi_gen/checker.h"
#include "tools/qapi_gen/emit.h"
#include "tools/qapi_gen/loader.h"
#include "tools/qapi_gen/lower.h"

namespace siskin::qapi {
namespace {

constexpr const char* kUsage =
    "usage: qapi_gen code DIRECTORY SCHEMA...   write the C++ files\n"
    "       qapi_gen docs FILE SCHEMA...        write the reference page\n"
    "       qapi_gen same FILE SCHEMA...        fail if the page is not what docs would write\n"
    "       qapi_gen text SCHEMA...             print the answer to query-qmp-schema\n";

Result<> write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    return file ? Result<>() : Result<>(fail(concat("could not write '", path, '\'')));
}

Result<> write_code(const std::string& directory, const Schema& schema) {
    const Schema lowered = with_argument_structs(schema);
    const std::vector<std::pair<std::string, std::string>> files{
        {"types.h", emit_types_header(lowered)}, {"decoders.cc", emit_decoders(lowered)},
        {"encoders.cc", emit_encoders(lowered)}, {"commands.h", emit_commands_header(lowered)},
        {"commands.cc", emit_commands(lowered)}, {"events.h", emit_events_header(lowered)},
        {"events.cc", emit_events(lowered)},     {"introspection.cc", emit_introspection(schema)},
    };
    for (const auto& [name, text] : files) {
        SISKIN_TRY(write_file(concat(directory, '/', name), text));
    }
    return {};
}

Result<> compare(const std::string& path, const std::string& expected) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream present;
    present << file.rdbuf();
    return present.str() == expected
               ? Result<>()
               : Result<>(fail(path + " is not what the schema says; run: qapi_gen docs"));
}

Result<> run(const std::string& mode, std::vector<std::string> paths) {
    std::string target;
    if (mode != "text" && !paths.empty()) {
        target = paths.front();
        paths.erase(paths.begin());
    }
    const Schema schema = SISKIN_TRY(load(paths));
    SISKIN_TRY(check(schema));
    if (mode == "code") {
        return write_code(target, schema);
    }
    if (mode == "docs") {
        return write_file(target, emit_docs(schema));
    }
    if (mode == "same") {
        return compare(target, emit_docs(schema));
    }
    std::puts(introspection_text(schema).c_str());
    return {};
}

}  // namespace
}  // namespace siskin::qapi

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const std::string mode = arguments.empty() ? "" : arguments.front();
    const bool known = mode == "code" || mode == "docs" || mode == "same" || mode == "text";
    if (!known || arguments.size() < (mode == "text" ? 2U : 3U)) {
        std::fputs(siskin::qapi::kUsage, stderr);
        return 2;
    }
    const auto done =
        siskin::qapi::run(mode, std::vector<std::string>(arguments.begin() + 1, arguments.end()));
    if (!done) {
        std::fprintf(stderr, "qapi_gen: %s\n", done.error().message.c_str());
        return 1;
    }
    return 0;
}
