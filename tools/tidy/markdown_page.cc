// SPDX-License-Identifier: Apache-2.0
// markdown_page: a page has a title and opens with a sentence that says what it covers.
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

bool is_text(const std::string& line) {
    return !line.empty() && std::string_view("#|`>-*<").find(line.front()) == std::string::npos;
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    const auto& lines = file.lines();
    if (lines.empty() || !lines.front().starts_with("# ")) {
        findings.add(1, "a page begins with its title: '# ...'");
        return;
    }
    if (lines.size() < 3 || !lines[1].empty() || !is_text(lines[2])) {
        findings.add(3, "no sentence below the title that says what the page covers");
        return;
    }
    std::size_t last = 2;
    while (last + 1 < lines.size() && !lines[last + 1].empty()) {
        ++last;
    }
    if (!lines[last].ends_with('.')) {
        findings.add(last + 1, "the first paragraph is a sentence and ends with a full stop");
    }
}

bool applies(const SourceFile& file) {
    return file.language() == Language::Markdown &&
           (file.path().starts_with("docs/") || file.path() == "CONTRIBUTING.md") &&
           !file.path().starts_with("docs/reference/");
}

}  // namespace

Rule markdown_page_rule() {
    return Rule{"markdown_page",
                "A page of docs/ has a title, an empty line, and a paragraph that says what it\n"
                "covers. It stays under 400 lines (file_length). docs/reference is generated.",
                applies, check};
}

}  // namespace siskin::tidy
