// SPDX-License-Identifier: Apache-2.0
// banned: words and calls that have one home, or none.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

enum class Form {
    Call,     // the C function of that name, called with an argument
    Keyword,  // the word itself, in code
    UsingDirective,
    Note,  // the word itself, in code and comments
};

constexpr std::size_t kHomesMax = 4;
struct Word {
    std::string_view word;
    Form form;
    std::string_view instead;
    std::array<std::string_view, kHomesMax> homes;  // paths that begin so may use it
};

constexpr std::array kWords{
    Word{"close", Form::Call, "siskin::Fd owns descriptors", {"base/fd.", "tests/"}},
    Word{"munmap", Form::Call, "siskin::Mapping owns mappings", {"base/mapping.", "tests/"}},
    Word{"delete", Form::Keyword, "every object has an owner", {}},
    Word{"throw", Form::Keyword, "a failure is a Result", {}},
    Word{"using namespace", Form::UsingDirective, "name what you use", {}},
    Word{"std::thread",
         Form::Keyword,
         "threads start in base/loop, vmm/vcpu and qmp/server.cc",
         {"base/loop/", "vmm/vcpu/", "qmp/server.cc", "tests/"}},
    Word{"std::jthread",
         Form::Keyword,
         "threads start in base/loop, vmm/vcpu and qmp/server.cc",
         {"base/loop/", "vmm/vcpu/", "qmp/server.cc", "tests/"}},
    Word{"TO"
         "DO",
         Form::Note,
         "finish it, or file an issue",
         {}},
    Word{"FIX"
         "ME",
         Form::Note,
         "finish it, or file an issue",
         {}},
    Word{"XX"
         "X",
         Form::Note,
         "finish it, or file an issue",
         {}},
};

bool is_word_character(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

// Not the middle of a longer word.
bool stands_alone(std::string_view line, std::size_t at, std::size_t length) {
    const std::size_t end = at + length;
    return (at == 0 || !is_word_character(line[at - 1])) &&
           (end == line.size() || !is_word_character(line[end]));
}

std::string_view trimmed_right(std::string_view text) {
    const auto last = text.find_last_not_of(' ');
    return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

// The global function, with an argument: neither a member, nor a class's own, nor a declaration.
bool is_call(std::string_view line, std::size_t at, std::size_t length) {
    const std::string_view behind = line.substr(at + length);
    if (!behind.starts_with('(') || behind.starts_with("()")) {
        return false;
    }
    std::string_view before = line.substr(0, at);
    if (before.ends_with("::")) {
        before.remove_suffix(2);
        return before.empty() || !is_word_character(before.back());
    }
    if (before.ends_with('.') || before.ends_with("->")) {
        return false;
    }
    before = trimmed_right(before);
    return before.empty() || !is_word_character(before.back()) || before.ends_with("return");
}

// "= delete" is a declaration.
bool is_deleted_function(std::string_view line, std::size_t at, std::string_view word) {
    return word == "delete" && trimmed_right(line.substr(0, at)).ends_with('=');
}

// A namespace of this project, or one made of nothing but literals.
bool is_own_namespace(std::string_view directive) {
    const std::string_view name = directive.substr(directive.rfind(' ') + 1);
    const bool foreign =
        name.starts_with("std::") || name.starts_with("std;") || name.starts_with("boost");
    return !foreign || name.find("literals") != std::string_view::npos;
}

bool occurs(std::string_view line, const Word& banned, bool in_header) {
    std::size_t at = line.find(banned.word);
    for (; at != std::string_view::npos; at = line.find(banned.word, at + 1)) {
        if (!stands_alone(line, at, banned.word.size()) ||
            is_deleted_function(line, at, banned.word)) {
            continue;
        }
        if (banned.form == Form::UsingDirective && !in_header &&
            is_own_namespace(line.substr(at))) {
            continue;
        }
        if (banned.form != Form::Call || is_call(line, at, banned.word.size())) {
            return true;
        }
    }
    return false;
}

bool is_home(const Word& banned, std::string_view path) {
    return std::any_of(banned.homes.begin(), banned.homes.end(), [&](std::string_view home) {
        return !home.empty() && path.starts_with(home);
    });
}

void check_word(const SourceFile& file, const Word& banned, Findings& findings) {
    const bool note = banned.form == Form::Note;
    if (is_home(banned, file.path()) || (!note && file.language() != Language::Cxx)) {
        return;
    }
    const auto& lines = note ? file.lines() : file.code_lines();
    for (std::size_t index = 0; index < lines.size(); ++index) {
        if (occurs(lines[index], banned, file.is_header())) {
            findings.add(index + 1, std::string(banned.word) + ": " + std::string(banned.instead));
        }
    }
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    for (const Word& banned : kWords) {
        check_word(file, banned, findings);
    }
}

}  // namespace

Rule banned_rule() {
    return Rule{
        "banned",
        "Some words have one home or none. Descriptors are closed by base/fd alone and\n"
        "mappings undone by base/mapping; threads start in base/loop and vmm/vcpu; nothing\n"
        "is deleted by hand; no exception of ours; no using-directive; no note of work\n"
        "left undone.",
        [](const SourceFile& file) { return file.is_code(); }, check};
}

}  // namespace siskin::tidy
