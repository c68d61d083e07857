// SPDX-License-Identifier: Apache-2.0
// The options of docs/siskin.1, in mdoc(7).
#include "base/text.h"
#include "tools/reference/pages.h"
#include "vmm/machine/command_line.h"

namespace siskin::reference {
namespace {

constexpr std::string_view kBegin = ".\\\" options: written by siskin_reference\n";
constexpr std::string_view kEnd = ".\\\" options: end\n";

// roff takes a backslash, and a dot or quote at the start of a line, for its own.
std::string escaped(std::string_view text) {
    std::string result = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
    for (const char character : text) {
        result += character == '\\' ? "\\e" : std::string(1, character);
    }
    return result;
}

std::string option_list() {
    std::string text = ".Bl -tag -width Ds\n";
    for (const OptionDescription& option : describe_options()) {
        text += concat(".It Fl ", option.name);
        text += option.argument.empty() ? "" : concat(" Ar \"", escaped(option.argument), '"');
        text += concat('\n', escaped(option.help), '\n');
    }
    return text + ".El\n";
}

}  // namespace

Result<std::string> manual_with_options(std::string_view manual) {
    const std::size_t begin = manual.find(kBegin);
    const std::size_t end = manual.find(kEnd);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
        return fail("the manual page has no lines that mark its list of options");
    }
    return concat(manual.substr(0, begin + kBegin.size()), option_list(), manual.substr(end));
}

}  // namespace siskin::reference
