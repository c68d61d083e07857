// SPDX-License-Identifier: Apache-2.0
// Reading #include lines.
#include "tools/tidy/include_line.h"

#include <string_view>

namespace siskin::tidy {
namespace {

constexpr std::string_view kUnitTests = "tests/unit/";

std::string_view skip_spaces(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

std::vector<IncludeLine> include_lines(const SourceFile& file) {
    std::vector<IncludeLine> found;
    for (std::size_t index = 0; index < file.lines().size(); ++index) {
        // The blanked line tells whether this is code at all; the name stands in the original.
        if (!skip_spaces(file.code_lines()[index]).starts_with('#')) {
            continue;
        }
        std::string_view rest = skip_spaces(skip_spaces(file.lines()[index]).substr(1));
        if (!rest.starts_with("include")) {
            continue;
        }
        rest = skip_spaces(rest.substr(std::string_view("include").size()));
        const bool quoted = rest.starts_with('"');
        if (!quoted && !rest.starts_with('<')) {
            continue;
        }
        rest.remove_prefix(1);
        const auto end = rest.find(quoted ? '"' : '>');
        found.push_back(IncludeLine{index + 1, std::string(rest.substr(0, end)), quoted});
    }
    return found;
}

bool is_standard_header(const IncludeLine& include) {
    return !include.quoted && include.header.find_first_of("./") == std::string::npos;
}

std::string own_header_of(const std::string& path) {
    std::string_view stem = path;
    if (stem.starts_with(kUnitTests) && stem.ends_with("_test.cc")) {
        stem.remove_prefix(kUnitTests.size());
        stem.remove_suffix(std::string_view("_test.cc").size());
    } else if (stem.ends_with(".cc")) {
        stem.remove_suffix(std::string_view(".cc").size());
    } else {
        return {};
    }
    return std::string(stem) + ".h";
}

}  // namespace siskin::tidy
