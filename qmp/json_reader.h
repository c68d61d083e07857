// SPDX-License-Identifier: Apache-2.0
// A JSON parser that takes QEMU's extensions and says what is wrong in QEMU's words.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"

namespace siskin::qmp {

// RFC 8259, and: strings in single quotes, the escape \', C0 80 for U+0000. Whole numbers beyond
// 64 bits become doubles. One text, read once. Thread: its owner's.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    // Errors begin with "JSON parse error, "; the first one in the text is told.
    [[nodiscard]] Result<Value> read();

private:
    // A list or object whose end was not reached yet.
    struct Level {
        Value container;
        std::string key;  // of the member whose value is being read
    };
    using Finished = std::optional<Value>;

    // What stands here, or nothing where a container was opened and its first element comes next.
    [[nodiscard]] Result<Finished> begin_value();
    // Puts an element into the innermost container; the container itself if it ends here.
    [[nodiscard]] Result<Finished> add(Value value);
    [[nodiscard]] Result<> read_key();
    [[nodiscard]] Result<Value> keyword();
    [[nodiscard]] Result<Value> number();
    [[nodiscard]] Result<std::string> string();
    [[nodiscard]] Result<> escape(std::string& out, char quote);
    [[nodiscard]] Result<char32_t> unicode_escape(char quote);
    [[nodiscard]] std::optional<char32_t> hex_digits() const;
    [[nodiscard]] std::size_t digits();
    Value pop();

    void skip_space();
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    // The byte here, or NUL at the end.
    [[nodiscard]] char here() const { return at_end() ? '\0' : text_[at_]; }
    bool take(char character);

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Level> levels_;
};

}  // namespace siskin::qmp
