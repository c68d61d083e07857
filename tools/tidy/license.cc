// SPDX-License-Identifier: Apache-2.0
// license: each file of code begins with its SPDX line.
#include <string>

#include "tools/tidy/opening.h"
#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

constexpr std::string_view kTag = "SPDX-License-Identifier: Apache-2.0";

void check(const Tree&, const SourceFile& file, Findings& findings) {
    const std::size_t index = opening_index(file);
    const std::string line = index < file.lines().size() ? file.lines()[index] : std::string();
    const std::string wanted = std::string(comment_mark(file)) + " " + std::string(kTag);
    const std::string block = "/* " + std::string(kTag) + " */";
    if (line != wanted && line != block) {
        findings.add(index + 1, "this line is not \"" + wanted + "\"");
    }
}

}  // namespace

Rule license_rule() {
    return Rule{"license",
                "The first line of each file of code (the second where the first is #!) is its\n"
                "SPDX line: Apache-2.0.",
                [](const SourceFile& file) { return file.is_code(); }, check};
}

}  // namespace siskin::tidy
