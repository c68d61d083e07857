// SPDX-License-Identifier: Apache-2.0
// try_alone: SISKIN_TRY does not stand behind a comma in a braced list.
#include <cctype>
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

constexpr std::string_view kMacro = "SISKIN_TRY";

bool is_word_character(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

// ".name" of a designated initialiser ends here: the list goes on before it.
bool ends_designator(std::string_view code) {
    while (!code.empty() && code.back() == ' ') {
        code.remove_suffix(1);
    }
    while (!code.empty() && is_word_character(code.back())) {
        code.remove_suffix(1);
    }
    return code.ends_with(" .") || code.ends_with("{.") || code.ends_with("\n.");
}

// Looks backwards from the macro for the list it stands in.
bool is_behind_comma(std::string_view code) {
    bool comma = false;
    int depth = 0;
    for (; !code.empty(); code.remove_suffix(1)) {
        const char character = code.back();
        const bool outside = depth == 0;
        if (character == ')' || character == '}' || character == ']') {
            ++depth;
        } else if (character == '{' && outside) {
            return comma;
        } else if (character == '(' || character == '[' || character == '{') {
            // Leaving a call: its own arguments are temporaries, and those are destroyed.
            comma = comma && !outside;
            depth -= outside ? 0 : 1;
        } else if (outside && (character == ';' || code.ends_with("return"))) {
            return false;
        } else if (outside && character == '=' &&
                   !ends_designator(code.substr(0, code.size() - 1))) {
            return false;
        } else if (outside && character == ',') {
            comma = true;
        }
    }
    return false;
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    std::string code;
    for (std::size_t index = 0; index < file.code_lines().size(); ++index) {
        const std::string& line = file.code_lines()[index];
        std::size_t at = line.find(kMacro);
        for (; at != std::string::npos; at = line.find(kMacro, at + 1)) {
            if (is_behind_comma(code + line.substr(0, at))) {
                findings.add(index + 1,
                             "SISKIN_TRY behind a comma in braces: on failure the elements before "
                             "it are not destroyed; give it a statement of its own");
            }
        }
        code += line + "\n";
    }
}

bool applies(const SourceFile& file) {
    return file.language() == Language::Cxx && !file.path().starts_with("tools/");
}

}  // namespace

Rule try_alone_rule() {
    return Rule{"try_alone",
                "Neither compiler destroys the elements of a braced list that were built before\n"
                "SISKIN_TRY in the same list returns: a descriptor there would leak. Give it a\n"
                "statement of its own and move the value into the list.",
                applies, check};
}

}  // namespace siskin::tidy
