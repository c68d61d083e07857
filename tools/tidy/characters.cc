// SPDX-License-Identifier: Apache-2.0
// characters: ASCII, no tabs, no trailing white space, a newline at the end.
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

constexpr std::string_view kSectionSign = "\xc2\xa7";  // the one exception, for citations

bool is_ascii_or_section_sign(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line.substr(at).starts_with(kSectionSign)) {
            ++at;
        } else if (static_cast<unsigned char>(line[at]) >= 0x7f ||
                   (static_cast<unsigned char>(line[at]) < 0x20 && line[at] != '\t')) {
            return false;
        }
    }
    return true;
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    const bool page = file.language() == Language::Markdown;
    for (std::size_t index = 0; index < file.lines().size(); ++index) {
        const std::string& line = file.lines()[index];
        if (line.find('\t') != std::string::npos && file.language() != Language::Assembly) {
            findings.add(index + 1, "tab; indent with spaces");
        }
        if (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) {
            findings.add(index + 1, "white space at the end of the line");
        } else if (!page && !is_ascii_or_section_sign(line)) {
            findings.add(index + 1, "character outside ASCII; only the section sign may be");
        }
    }
    if (!file.text().empty() && !file.text().ends_with('\n')) {
        findings.add(file.lines().size(), "no newline at the end of the file");
    }
    if (file.text().ends_with("\n\n")) {
        findings.add(file.lines().size(), "blank line at the end of the file");
    }
}

bool applies(const SourceFile& file) {
    return file.is_code() || file.language() == Language::Markdown ||
           file.path().starts_with("qmp/schema/");
}

}  // namespace

Rule characters_rule() {
    return Rule{"characters",
                "Code and schemas are ASCII, except the section sign in citations. Code, schemas\n"
                "and pages have no tabs (assembly may), no white space at the end of a line, and\n"
                "exactly one newline at the end of the file.",
                applies, check};
}

}  // namespace siskin::tidy
