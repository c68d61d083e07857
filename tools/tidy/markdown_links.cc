// SPDX-License-Identifier: Apache-2.0
// markdown_links: links inside the tree lead to a file and to a heading that exist.
#include <cctype>
#include <filesystem>
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

// How a heading is called in a link: lower case, spaces to hyphens, punctuation dropped.
std::string anchor_of(std::string_view heading) {
    std::string anchor;
    for (const char character : heading) {
        const auto byte = static_cast<unsigned char>(character);
        if (std::isalnum(byte) != 0 || character == '_' || byte >= 0x80) {
            anchor += static_cast<char>(std::tolower(byte));
        } else if (character == ' ' || character == '-') {
            anchor += '-';
        }
    }
    return anchor;
}

bool toggles_fence(std::string_view line) {
    return line.starts_with("```") || line.starts_with("~~~");
}

bool has_heading(const SourceFile& page, std::string_view anchor) {
    bool fenced = false;
    for (const std::string& line : page.lines()) {
        fenced = fenced != toggles_fence(line);
        const auto text = line.find_first_not_of('#');
        if (!fenced && line.starts_with('#') && text != std::string::npos && line[text] == ' ' &&
            anchor_of(line.substr(text + 1)) == anchor) {
            return true;
        }
    }
    return false;
}

bool is_outside(std::string_view target) {
    return target.find("://") != std::string_view::npos || target.starts_with("mailto:");
}

void check_link(const Tree& tree, const SourceFile& file, std::size_t line,
                const std::string& target, Findings& findings) {
    const auto hash = target.find('#');
    const std::filesystem::path folder = std::filesystem::path(file.path()).parent_path();
    const std::string written = target.substr(0, hash);
    const std::string path =
        written.empty() ? file.path() : (folder / written).lexically_normal().generic_string();
    if (!tree.has(path == "." ? "" : path)) {
        findings.add(line, "link to '" + target + "', and there is no " + path);
        return;
    }
    const SourceFile* const page = tree.find(path);
    if (hash != std::string::npos && page != nullptr && page->language() == Language::Markdown &&
        !has_heading(*page, target.substr(hash + 1))) {
        findings.add(line, "link to '" + target + "', and " + path + " has no such heading");
    }
}

// A line with `code` turned into spaces.
std::string without_code(std::string line) {
    bool code = false;
    for (char& character : line) {
        if (character == '`') {
            code = !code;
        } else if (code) {
            character = ' ';
        }
    }
    return line;
}

void check(const Tree& tree, const SourceFile& file, Findings& findings) {
    bool fenced = false;
    for (std::size_t index = 0; index < file.lines().size(); ++index) {
        fenced = fenced != toggles_fence(file.lines()[index]);
        if (fenced) {
            continue;
        }
        const std::string line = without_code(file.lines()[index]);
        std::size_t at = line.find("](");
        for (; at != std::string::npos; at = line.find("](", at + 2)) {
            const auto end = line.find_first_of(") ", at + 2);
            const std::string target = line.substr(at + 2, end - (at + 2));
            if (!target.empty() && !is_outside(target)) {
                check_link(tree, file, index + 1, target, findings);
            }
        }
    }
}

}  // namespace

Rule markdown_links_rule() {
    return Rule{"markdown_links",
                "A link to a file of this tree, or to a heading of one of its pages, leads\n"
                "somewhere. Links to other sites are not followed.",
                [](const SourceFile& file) { return file.language() == Language::Markdown; },
                check};
}

}  // namespace siskin::tidy
