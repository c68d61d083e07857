// SPDX-License-Identifier: Apache-2.0
// file_length: no file longer than 400 lines.
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

constexpr std::size_t kLinesMax = 400;

void check(const Tree&, const SourceFile& file, Findings& findings) {
    if (file.lines().size() > kLinesMax) {
        findings.add(kLinesMax + 1, "file has " + std::to_string(file.lines().size()) +
                                        " lines, the most is " + std::to_string(kLinesMax));
    }
}

bool applies(const SourceFile& file) {
    // docs/reference is generated; a changelog grows for ever.
    const bool is_page = file.language() == Language::Markdown &&
                         !file.path().starts_with("docs/reference/") &&
                         file.path() != "CHANGELOG.md";
    return is_page || file.is_code() || file.path().starts_with("qmp/schema/");
}

}  // namespace

Rule file_length_rule() {
    return Rule{"file_length",
                "One concept a file: code, schemas and pages have at most 400 lines; aim under\n"
                "300. Above it, a second concept has moved in: give it a file and a name.",
                applies, check};
}

}  // namespace siskin::tidy
