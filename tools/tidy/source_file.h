// SPDX-License-Identifier: Apache-2.0
// SourceFile and Tree: the text a lint looks at, split into lines once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace siskin::tidy {

enum class Language { Cxx, CMake, Python, Shell, Assembly, Markdown, Other };

// One file of the tree. Immutable.
class SourceFile {
public:
    // `path` is relative to the top of the tree, with '/'.
    SourceFile(std::string path, std::string text);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] Language language() const { return language_; }
    [[nodiscard]] bool is_header() const { return path_.ends_with(".h"); }
    // Written by people of this project: code in any language, but no data and no pages.
    [[nodiscard]] bool is_code() const;

    // Without line ends; line 1 is lines()[0].
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    // C++ only: the same lines with comments and the content of literals turned into spaces.
    [[nodiscard]] const std::vector<std::string>& code_lines() const { return code_lines_; }

private:
    std::string path_;
    std::string text_;
    Language language_;
    std::vector<std::string> lines_;
    std::vector<std::string> code_lines_;
};

// All files of the project, by path.
class Tree {
public:
    void add(SourceFile file);

    [[nodiscard]] const std::map<std::string, SourceFile, std::less<>>& files() const {
        return files_;
    }
    // Null when there is none.
    [[nodiscard]] const SourceFile* find(std::string_view path) const;
    // A file, or a folder that holds one.
    [[nodiscard]] bool has(std::string_view path) const;

private:
    std::map<std::string, SourceFile, std::less<>> files_;
};

[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

}  // namespace siskin::tidy
