// SPDX-License-Identifier: Apache-2.0
// A scanner that knows just enough C++ to tell code from comments and literals.
#include "tools/tidy/blank.h"

#include <cctype>

namespace siskin::tidy {
namespace {

bool is_word(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text), out_(text) {}

    std::string run() {
        while (at_ < text_.size()) {
            const std::string_view rest = text_.substr(at_);
            if (rest.starts_with("//")) {
                blank_to(text_.find('\n', at_));
            } else if (rest.starts_with("/*")) {
                const auto end = text_.find("*/", at_ + 2);
                blank_to(end == std::string_view::npos ? end : end + 2);
            } else if (rest.front() == '"') {
                literal(rest);
            } else if (rest.front() == '\'' && !is_digit_separator()) {
                quoted('\'');
            } else {
                ++at_;
            }
        }
        return out_;
    }

private:
    // 1'000: between two characters of a number.
    [[nodiscard]] bool is_digit_separator() const {
        return at_ != 0 && at_ + 1 < text_.size() && is_word(text_[at_ + 1]) &&
               std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0 &&
               (at_ + 2 >= text_.size() || text_[at_ + 2] != '\'');
    }

    void literal(std::string_view rest) {
        const bool raw = at_ != 0 && text_[at_ - 1] == 'R' && (at_ < 2 || !is_word(text_[at_ - 2]));
        const auto open = rest.find('(');
        if (!raw || open == std::string_view::npos) {
            quoted('"');
            return;
        }
        const std::string close = ")" + std::string(rest.substr(1, open - 1)) + "\"";
        const auto end = text_.find(close, at_ + open);
        ++at_;
        blank_to(end == std::string_view::npos ? end : end + close.size() - 1);
        ++at_;
    }

    void quoted(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
            end += text_[end] == '\\' ? 2 : 1;
        }
        ++at_;
        blank_to(end);
        ++at_;
    }

    void blank_to(std::size_t end) {
        for (; at_ < text_.size() && at_ < end; ++at_) {
            if (text_[at_] != '\n') {
                out_[at_] = ' ';
            }
        }
    }

    std::string_view text_;
    std::string out_;
    std::size_t at_ = 0;
};

}  // namespace

std::string blank_comments_and_literals(std::string_view text) {
    return Scanner(text).run();
}

std::string blank_directive(std::string_view line, bool& continued) {
    const auto first = line.find_first_not_of(" \t");
    const bool directive = continued || (first != std::string_view::npos && line[first] == '#');
    continued = directive && line.ends_with('\\');
    return directive ? std::string(line.size(), ' ') : std::string(line);
}

}  // namespace siskin::tidy
