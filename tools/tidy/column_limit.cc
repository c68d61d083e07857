// SPDX-License-Identifier: Apache-2.0
// column_limit: no line of code wider than 100 columns.
#include <algorithm>
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

constexpr std::size_t kColumnsMax = 100;

// Characters, not bytes: a citation's section sign takes two bytes of UTF-8.
std::size_t columns_of(const std::string& line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
    }));
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    for (std::size_t index = 0; index < file.lines().size(); ++index) {
        const std::size_t columns = columns_of(file.lines()[index]);
        if (columns > kColumnsMax) {
            findings.add(index + 1, "line has " + std::to_string(columns) +
                                        " columns, the most is " + std::to_string(kColumnsMax));
        }
    }
}

}  // namespace

Rule column_limit_rule() {
    return Rule{"column_limit",
                "Lines of code have at most 100 columns; clang-format keeps C++ to it. Pages and\n"
                "data are free.",
                [](const SourceFile& file) { return file.is_code(); }, check};
}

}  // namespace siskin::tidy
