// SPDX-License-Identifier: Apache-2.0
// C++ names.
#include "tools/qapi_gen/names.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace siskin::qapi {
namespace {

// Words of C++ that a name of the schema cannot be as it is.
constexpr std::array kReserved = std::to_array<std::string_view>(
    {"alignas",   "alignof",   "and",      "asm",      "auto",     "bool",     "break",
     "case",      "catch",     "char",     "class",    "concept",  "const",    "constexpr",
     "continue",  "decltype",  "default",  "delete",   "do",       "double",   "else",
     "enum",      "explicit",  "export",   "extern",   "false",    "float",    "for",
     "friend",    "goto",      "if",       "inline",   "int",      "long",     "mutable",
     "namespace", "new",       "noexcept", "not",      "nullptr",  "operator", "or",
     "private",   "protected", "public",   "register", "requires", "return",   "short",
     "signed",    "sizeof",    "static",   "struct",   "switch",   "template", "this",
     "throw",     "true",      "try",      "typedef",  "typename", "union",    "unsigned",
     "using",     "virtual",   "void",     "volatile", "while",    "xor"});

char upper(char character) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
}
char lower(char character) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
}
bool is_digit(char character) {
    return std::isdigit(static_cast<unsigned char>(character)) != 0;
}
bool is_separator(char character) {
    return character == '-' || character == '_' || character == '.';
}

}  // namespace

std::string pascal_case(std::string_view name) {
    std::string out;
    bool starts_word = true;
    for (const char character : name) {
        if (is_separator(character)) {
            starts_word = true;
            continue;
        }
        if (starts_word && !out.empty() && is_digit(out.back()) && is_digit(character)) {
            out += '_';  // "x86_64" and "x8664" differ
        }
        out += starts_word ? upper(character) : character;
        starts_word = false;
    }
    return is_digit(name.front()) ? "N" + out : out;
}

std::string snake_case(std::string_view name) {
    std::string out;
    for (const char character : name) {
        out += is_separator(character) ? '_' : lower(character);
    }
    if (std::find(kReserved.begin(), kReserved.end(), out) != kReserved.end()) {
        out += '_';
    }
    return out;
}

std::string cpp_type(const TypeRef& type) {
    const Builtin* const builtin = find_builtin(type.name);
    std::string name(builtin != nullptr ? builtin->cpp_type : std::string_view(type.name));
    return type.is_list ? concat("std::vector<", name, '>') : name;
}

std::string arguments_type(const Entry& command) {
    if (command.boxed_data) {
        return *command.boxed_data;
    }
    return command.members.empty() ? "" : pascal_case(command.name) + "Arguments";
}

std::string group_class(std::string_view group) {
    return pascal_case(group) + "Commands";
}

}  // namespace siskin::qapi
