// SPDX-License-Identifier: Apache-2.0
// LineEditor: a terminal's keys in, edited lines and the terminal's picture out.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace siskin::hmp {

// For a terminal of the ECMA-48 kind, drawn with the sequences that QEMU's monitor uses: cursor
// left and right, erase to the end of the line. Text is UTF-8; each character takes one column;
// bytes that are no UTF-8, and control characters without a meaning here, are dropped. Knows no
// terminal and no socket. Thread: any one.
class LineEditor {
public:
    static constexpr std::size_t kLineMax = 4095;    // bytes; what comes on top is dropped
    static constexpr std::size_t kHistoryMax = 100;  // lines
    static constexpr std::size_t kSequenceMax = 16;  // bytes of an escape sequence's parameters
    static constexpr std::size_t kScreenWidth = 80;  // columns of a list of completions

    // The words that may stand in place of the last one of the text before the cursor, sorted.
    using Complete = std::function<std::vector<std::string>(std::string_view text)>;

    LineEditor(std::string prompt, Complete complete)
        : prompt_(std::move(prompt)), complete_(std::move(complete)) {}

    // A new line begins: prints the prompt.
    void begin_line();
    // One byte from the keyboard; the whole line when the byte ended it. The picture of anything
    // but an ended line is drawn by draw(), once for any number of bytes.
    [[nodiscard]] std::optional<std::string> take(char byte);
    void draw();

    // What goes to the terminal since the last call.
    [[nodiscard]] std::string take_output() { return std::exchange(output_, std::string()); }
    [[nodiscard]] std::size_t output_size() const { return output_.size(); }

private:
    enum class Expect { Text, Escape, Sequence, KeypadKey };

    [[nodiscard]] std::optional<std::string> take_text(char byte);
    void take_control(char byte);
    void take_escape(char byte);
    void take_sequence(char byte);
    void take_utf8(char byte);
    void insert(std::string_view text);
    void erase(std::size_t from, std::size_t to);
    void move(std::size_t position) { cursor_ = position; }
    [[nodiscard]] std::size_t left_of(std::size_t position) const;
    [[nodiscard]] std::size_t right_of(std::size_t position) const;
    [[nodiscard]] std::size_t word_start(std::size_t position) const;
    void recall(std::size_t position);
    void older();
    void newer();
    void complete();
    void list(const std::vector<std::string>& words);
    [[nodiscard]] std::string end_line();
    void restart_picture();
    void put_moves(std::size_t columns, char direction);

    std::string prompt_;
    Complete complete_;
    std::string text_;
    std::size_t cursor_ = 0;  // a byte of text_, at the start of a character
    Expect expect_ = Expect::Text;
    std::string parameters_;  // of an escape sequence under way
    std::string character_;   // the first bytes of one of several
    bool after_return_ = false;
    std::deque<std::string> history_;  // oldest first
    std::size_t recalled_ = 0;         // history_.size(): none
    std::string draft_;                // the text before the first recall
    std::string shown_;                // the picture behind the prompt
    std::size_t shown_cursor_ = 0;
    std::string output_;
};

}  // namespace siskin::hmp
