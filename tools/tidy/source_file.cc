// SPDX-License-Identifier: Apache-2.0
// Reading a file's language and lines.
#include "tools/tidy/source_file.h"

#include <utility>

#include "tools/tidy/blank.h"

namespace siskin::tidy {
namespace {

Language language_of(std::string_view path, std::string_view text) {
    const auto ends = [&](std::string_view end) { return path.ends_with(end); };
    if (ends(".h") || ends(".cc")) {
        return Language::Cxx;
    }
    if (ends(".cmake") || ends("CMakeLists.txt")) {
        return Language::CMake;
    }
    if (ends(".md")) {
        return Language::Markdown;
    }
    if (ends(".S") || ends(".ld")) {
        return Language::Assembly;
    }
    const bool script = text.starts_with("#!");
    const std::string_view first_line = text.substr(0, text.find('\n'));
    if (ends(".py") || (script && first_line.find("python") != std::string_view::npos)) {
        return Language::Python;
    }
    if (ends(".sh") || script) {
        return Language::Shell;
    }
    return Language::Other;
}

}  // namespace

SourceFile::SourceFile(std::string path, std::string text)
    : path_(std::move(path)),
      text_(std::move(text)),
      language_(language_of(path_, text_)),
      lines_(split_lines(text_)) {
    if (language_ == Language::Cxx) {
        code_lines_ = split_lines(blank_comments_and_literals(text_));
    }
}

bool SourceFile::is_code() const {
    return language_ != Language::Markdown && language_ != Language::Other;
}

void Tree::add(SourceFile file) {
    std::string path = file.path();
    files_.emplace(std::move(path), std::move(file));
}

const SourceFile* Tree::find(std::string_view path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : &found->second;
}

bool Tree::has(std::string_view path) const {
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    if (path.empty() || find(path) != nullptr) {
        return true;
    }
    const std::string folder = std::string(path) + "/";
    const auto next = files_.lower_bound(folder);
    return next != files_.end() && next->first.starts_with(folder);
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

}  // namespace siskin::tidy
