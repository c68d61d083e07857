// SPDX-License-Identifier: Apache-2.0
// Indenting.
#include "qmp/pretty_json.h"

namespace siskin::qmp {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kIndent = 4;  // spaces

class Printer {
public:
    void put(char character) {
        if (in_string_) {
            put_in_string(character);
            return;
        }
        switch (character) {
            case '{':
            case '[':
                out_ += character;
                ++depth_;
                break_line();
                break;
            case '}':
            case ']':
                --depth_;
                if (line_is_empty()) {
                    out_.resize(out_.size() - kIndent);  // of a container without members
                } else {
                    break_line();
                }
                out_ += character;
                break;
            case ',':
                out_ += character;
                break_line();
                break;
            case ':': out_ += ": "; break;
            case ' ':
            case '\r':
            case '\n': break;
            default:
                in_string_ = character == '"';
                out_ += character;
                break;
        }
    }
    [[nodiscard]] std::size_t size() const { return out_.size(); }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void put_in_string(char character) {
        out_ += character;
        if (escaped_) {
            escaped_ = false;
        } else {
            escaped_ = character == '\\';
            in_string_ = character != '"';
        }
    }
    void break_line() {
        out_ += kLineEnd;
        line_start_ = out_.size();
        out_.append(depth_ * kIndent, ' ');
    }
    // Nothing but the indent that break_line() left: the container was only just opened.
    [[nodiscard]] bool line_is_empty() const {
        return out_.size() == line_start_ + (depth_ + 1) * kIndent;
    }

    std::string out_;
    std::size_t depth_ = 0;
    std::size_t line_start_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
};

}  // namespace

std::string pretty_json(std::string_view json) {
    Printer printer;
    for (const char character : json) {
        printer.put(character);
        if (printer.size() > kPrettyMax) {
            return std::string(json);
        }
    }
    return printer.take();
}

}  // namespace siskin::qmp
