// SPDX-License-Identifier: Apache-2.0
// Editing one line.
#include "vmm/hmp/line_editor.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "vmm/hmp/digits.h"

namespace siskin::hmp {
namespace {

constexpr char control(char letter) {
    return static_cast<char>(letter - '@');
}
constexpr char kBackspace = '\b';
constexpr char kTab = '\t';
constexpr char kEscape = '\x1b';
constexpr char kRubout = '\x7f';
constexpr std::string_view kEraseToEnd = "\x1b[K";
constexpr std::string_view kClearScreen = "\x1b[2J\x1b[1;1H";

bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == kRubout;
}
bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return !is_continuation(byte); }));
}

// Bytes of the character that begins so; 0: none does (RFC 3629 §4).
std::size_t character_size(char first) {
    const auto byte = static_cast<unsigned char>(first);
    if (byte < 0x80) {
        return 1;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return 0;
    }
    return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

// Whether the second byte keeps the character in its range, which is the shortest form, no
// surrogate, at most U+10FFFF (RFC 3629 §4), and no C1 control.
bool is_second_byte(char first_byte, char second_byte) {
    const auto first = static_cast<unsigned char>(first_byte);
    const auto second = static_cast<unsigned char>(second_byte);
    switch (first) {
        case 0xc2:
        case 0xe0: return second >= 0xa0;
        case 0xed: return second < 0xa0;
        case 0xf0: return second >= 0x90;
        case 0xf4: return second < 0x90;
        default: return true;
    }
}

std::string common_start(const std::vector<std::string>& words) {
    std::string common = words.front();
    for (const std::string& word : words) {
        const auto end = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
        common.erase(end.first, common.end());
    }
    return common;
}

}  // namespace

void LineEditor::begin_line() {
    output_ += prompt_;
    restart_picture();
    draw();
}

std::optional<std::string> LineEditor::take(char byte) {
    // A control character ends an escape sequence that is under way.
    if (expect_ != Expect::Text && !is_control(byte)) {
        expect_ == Expect::Escape ? take_escape(byte) : take_sequence(byte);
        return std::nullopt;
    }
    expect_ = Expect::Text;
    return take_text(byte);
}

std::optional<std::string> LineEditor::take_text(char byte) {
    const bool was_after_return = std::exchange(after_return_, byte == '\r');
    if (byte == '\r' || byte == '\n') {
        character_.clear();
        // CR LF is one end of a line.
        return byte == '\n' && was_after_return ? std::nullopt : std::optional(end_line());
    }
    if (is_control(byte)) {
        character_.clear();
        take_control(byte);
    } else {
        take_utf8(byte);
    }
    return std::nullopt;
}

void LineEditor::take_control(char byte) {
    switch (byte) {
        case kEscape: expect_ = Expect::Escape; break;
        case kTab: complete(); break;
        case kBackspace:
        case kRubout: erase(left_of(cursor_), cursor_); break;
        case control('A'): move(0); break;
        case control('C'):
            text_.clear();  // given up, and not remembered
            cursor_ = 0;
            recalled_ = history_.size();
            output_ += "\r\n";
            begin_line();
            break;
        case control('D'): erase(cursor_, right_of(cursor_)); break;
        case control('E'): move(text_.size()); break;
        case control('K'): erase(cursor_, text_.size()); break;
        case control('L'):
            output_ += kClearScreen;
            begin_line();
            break;
        case control('U'): erase(0, cursor_); break;
        case control('W'): erase(word_start(cursor_), cursor_); break;
        default: break;
    }
}

void LineEditor::take_escape(char byte) {
    parameters_.clear();
    expect_ = byte == '[' ? Expect::Sequence : byte == 'O' ? Expect::KeypadKey : Expect::Text;
}

// ECMA-48 §5.4: parameters, then one final byte from '@' on. Only the first parameter counts.
void LineEditor::take_sequence(char byte) {
    if (byte < '@' && expect_ == Expect::Sequence) {
        if (parameters_.size() < kSequenceMax) {
            parameters_ += byte;
        }
        return;
    }
    expect_ = Expect::Text;
    const std::string_view number = std::string_view(parameters_).substr(0, parameters_.find(';'));
    switch (byte) {
        case 'A': older(); break;
        case 'B': newer(); break;
        case 'C': move(right_of(cursor_)); break;
        case 'D': move(left_of(cursor_)); break;
        case 'H': move(0); break;
        case 'F': move(text_.size()); break;
        case '~':
            if (number == "1" || number == "7") {
                move(0);
            } else if (number == "4" || number == "8") {
                move(text_.size());
            } else if (number == "3") {
                erase(cursor_, right_of(cursor_));
            }
            break;
        default: break;
    }
}

void LineEditor::take_utf8(char byte) {
    if (!character_.empty()) {
        const bool fits = is_continuation(byte) &&
                          (character_.size() > 1 || is_second_byte(character_.front(), byte));
        if (fits) {
            character_ += byte;
            if (character_.size() == character_size(character_.front())) {
                insert(std::exchange(character_, std::string()));
            }
            return;
        }
        character_.clear();
    }
    const std::size_t size = character_size(byte);
    if (size == 1) {
        insert(std::string_view(&byte, 1));
    } else if (size > 1) {
        character_ = byte;
    }
}

void LineEditor::insert(std::string_view text) {
    if (text.size() <= kLineMax - text_.size()) {
        text_.insert(cursor_, text);
        cursor_ += text.size();
    }
}

void LineEditor::erase(std::size_t from, std::size_t to) {
    text_.erase(from, to - from);
    cursor_ = from;
}

std::size_t LineEditor::left_of(std::size_t position) const {
    while (position > 0 && is_continuation(text_[--position])) {
    }
    return position;
}

std::size_t LineEditor::right_of(std::size_t position) const {
    if (position < text_.size()) {
        ++position;
    }
    while (position < text_.size() && is_continuation(text_[position])) {
        ++position;
    }
    return position;
}

std::size_t LineEditor::word_start(std::size_t position) const {
    while (position > 0 && text_[position - 1] == ' ') {
        --position;
    }
    while (position > 0 && text_[position - 1] != ' ') {
        --position;
    }
    return position;
}

void LineEditor::recall(std::size_t position) {
    if (recalled_ == history_.size()) {
        draft_ = text_;
    }
    recalled_ = position;
    text_ = position == history_.size() ? draft_ : history_[position];
    cursor_ = text_.size();
}

void LineEditor::older() {
    if (recalled_ > 0) {
        recall(recalled_ - 1);
    }
}

void LineEditor::newer() {
    if (recalled_ < history_.size()) {
        recall(recalled_ + 1);
    }
}

void LineEditor::complete() {
    const std::string_view before = std::string_view(text_).substr(0, cursor_);
    const std::vector<std::string> words = complete_(before);
    if (words.empty()) {
        return;
    }
    const std::size_t typed = before.size() - (before.rfind(' ') + 1);
    if (words.size() == 1) {
        insert(words.front().substr(std::min(typed, words.front().size())) + ' ');
        return;
    }
    const std::string common = common_start(words);
    list(words);
    insert(common.substr(std::min(typed, common.size())));
}

void LineEditor::list(const std::vector<std::string>& words) {
    constexpr std::size_t kWidthMin = 10;
    constexpr std::size_t kGap = 2;
    std::size_t width = kWidthMin;
    for (const std::string& word : words) {
        width = std::max(width, word.size() + kGap);
    }
    const std::size_t columns = std::max<std::size_t>(kScreenWidth / width, 1);
    draw();
    for (std::size_t at = 0; at < words.size(); ++at) {
        output_ += at % columns == 0 ? "\r\n" : "";
        output_ += left_aligned(words[at], width);
    }
    output_ += "\r\n";
    output_ += prompt_;
    restart_picture();
}

std::string LineEditor::end_line() {
    draw();
    output_ += "\r\n";
    restart_picture();
    cursor_ = 0;
    std::string line = std::exchange(text_, std::string());
    if (line.find_first_not_of(' ') != std::string::npos) {
        // A line that comes again moves to the end.
        history_.erase(std::remove(history_.begin(), history_.end(), line), history_.end());
        history_.push_back(line);
        if (history_.size() > kHistoryMax) {
            history_.pop_front();
        }
    }
    recalled_ = history_.size();
    draft_.clear();
    return line;
}

void LineEditor::restart_picture() {
    shown_.clear();
    shown_cursor_ = 0;
}

void LineEditor::draw() {
    if (text_ != shown_) {
        put_moves(columns_of(std::string_view(shown_).substr(0, shown_cursor_)), 'D');
        output_ += text_;
        output_ += kEraseToEnd;
        shown_ = text_;
        shown_cursor_ = text_.size();
    }
    const std::size_t from = std::min(cursor_, shown_cursor_);
    const std::size_t to = std::max(cursor_, shown_cursor_);
    put_moves(columns_of(std::string_view(text_).substr(from, to - from)),
              cursor_ < shown_cursor_ ? 'D' : 'C');
    shown_cursor_ = cursor_;
}

void LineEditor::put_moves(std::size_t columns, char direction) {
    for (; columns > 0; --columns) {
        output_ += "\x1b[";
        output_ += direction;
    }
}

}  // namespace siskin::hmp
