// SPDX-License-Identifier: Apache-2.0
// names: files are snake_case, macros are SISKIN_NAME.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

// Macros that a library or a system header reads; and the cure of one kernel header.
constexpr std::array<std::string_view, 5> kForeignMacros{"DOCTEST_CONFIG_", "BOOST_", "_GNU_SOURCE",
                                                         "LIBURING_", "__DECLARE_FLEX_ARRAY"};

bool is_snake_case(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return std::islower(byte) != 0 || std::isdigit(byte) != 0 || character == '_';
    });
}

void check_path(const SourceFile& file, Findings& findings) {
    std::string_view path = file.path();
    path = path.substr(0, path.rfind('.'));
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        if (!is_snake_case(part)) {
            findings.add(1, "'" + std::string(part) + "' in the path is not snake_case");
            return;
        }
        path.remove_prefix(std::min(path.size(), part.size() + 1));
    }
}

void check_macros(const SourceFile& file, Findings& findings) {
    constexpr std::string_view kDefine = "#define ";
    for (std::size_t index = 0; index < file.code_lines().size(); ++index) {
        std::string_view line = file.code_lines()[index];
        if (!line.starts_with(kDefine)) {
            continue;
        }
        line.remove_prefix(kDefine.size());
        const bool known =
            line.starts_with("SISKIN_") ||
            std::any_of(kForeignMacros.begin(), kForeignMacros.end(),
                        [&](std::string_view foreign) { return line.starts_with(foreign); });
        if (!known) {
            findings.add(index + 1, "macro '" +
                                        std::string(line.substr(0, line.find_first_of(" ("))) +
                                        "' does not begin with SISKIN_");
        }
    }
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    check_path(file, findings);
    check_macros(file, findings);
}

}  // namespace

Rule names_rule() {
    return Rule{
        "names",
        "Files and folders of C++ are snake_case; macros are SISKIN_NAME, and only where a\n"
        "function cannot do it. clang-tidy checks the names inside the language.",
        [](const SourceFile& file) { return file.language() == Language::Cxx; }, check};
}

}  // namespace siskin::tidy
