// SPDX-License-Identifier: Apache-2.0
// opening_sentence: behind the SPDX line, a sentence says what the file is for.
#include <string>

#include "tools/tidy/opening.h"
#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

bool is_comment(const std::string& line, std::string_view mark) {
    return line.starts_with(std::string(mark) + " ") || line.starts_with("/* ") ||
           line.starts_with(" *") || line.starts_with("\"\"\"");
}

// A full stop, alone or before what closes the comment or a quotation.
bool ends_sentence(std::string line) {
    for (const std::string_view closing : {"*/", "\"\"\"", ")", "'", "\"", " "}) {
        while (line.ends_with(closing)) {
            line.resize(line.size() - closing.size());
        }
    }
    return line.ends_with('.') || line.ends_with(':');
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    const std::size_t first = opening_index(file) + 1;
    const std::string_view mark = comment_mark(file);
    const auto& lines = file.lines();
    if (first >= lines.size() || !is_comment(lines[first], mark)) {
        findings.add(first + 1, "no comment here that says what the file is for");
        return;
    }
    for (std::size_t index = first; index < lines.size(); ++index) {
        if (ends_sentence(lines[index])) {
            return;
        }
        // A block comment's and a docstring's later lines carry no mark.
        const bool in_block = lines[first].starts_with("/*") || lines[first].starts_with("\"\"\"");
        if (!in_block && !is_comment(lines[index], mark)) {
            break;
        }
    }
    findings.add(first + 1, "what the file is for is a sentence and ends with a full stop");
}

bool applies(const SourceFile& file) {
    // A folder's CMakeLists.txt is about its folder.
    return file.is_code() && !file.path().ends_with("CMakeLists.txt");
}

}  // namespace

Rule opening_sentence_rule() {
    return Rule{"opening_sentence",
                "The line behind the SPDX line is a comment: a sentence that says what the file\n"
                "is for. A folder's CMakeLists.txt needs none.",
                applies, check};
}

}  // namespace siskin::tidy
