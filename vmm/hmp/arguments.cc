// SPDX-License-Identifier: Apache-2.0
// A command's arguments.
#include "vmm/hmp/arguments.h"

#include <cctype>
#include <limits>
#include <utility>

#include "base/text.h"

namespace siskin::hmp {
namespace {

bool is_space(char character) {
    return std::isspace(static_cast<unsigned char>(character)) != 0;
}

}  // namespace

Arguments::Arguments(std::string name, std::string_view text)
    : name_(std::move(name)), text_(text) {}

void Arguments::skip_space() {
    while (!text_.empty() && is_space(text_.front())) {
        text_.remove_prefix(1);
    }
}

bool Arguments::at_end() {
    skip_space();
    return text_.empty();
}

Result<bool> Arguments::take_option(char letter, std::string_view allowed) {
    skip_space();
    if (text_.size() < 2 || text_[0] != '-' || is_space(text_[1])) {
        return false;
    }
    const bool ends = text_.size() == 2 || is_space(text_[2]);
    if (!ends || allowed.find(text_[1]) == std::string_view::npos) {
        return fail(concat(name_, ": unsupported option -", text_[1]));
    }
    if (text_[1] != letter) {
        return false;
    }
    text_.remove_prefix(2);
    return true;
}

Result<std::optional<std::string>> Arguments::take_word() {
    if (at_end()) {
        return std::optional<std::string>();
    }
    const bool quoted = text_.front() == '"';
    text_.remove_prefix(quoted ? 1 : 0);
    std::size_t length = 0;
    while (length < text_.size() && (quoted ? text_[length] != '"' : !is_space(text_[length]))) {
        ++length;
    }
    if (quoted && length == text_.size()) {
        return fail("unterminated string");
    }
    std::string word(text_.substr(0, length));
    text_.remove_prefix(length + (quoted ? 1 : 0));
    return std::optional(std::move(word));
}

Result<std::string> Arguments::take_text(std::string_view kind) {
    auto word = SISKIN_TRY(take_word());
    if (!word) {
        return fail(concat(name_, ": ", kind, " expected"));
    }
    return std::move(*word);
}

std::string Arguments::take_rest() {
    skip_space();
    return std::string(std::exchange(text_, {}));
}

Result<MemoryFormat> Arguments::take_format(FormatDefaults& defaults) {
    skip_space();
    return hmp::take_format(text_, defaults);
}

Result<std::uint64_t> Arguments::take_number(const RegisterLookup& registers) {
    return take_expression(text_, registers);
}

Result<std::uint32_t> Arguments::take_index(std::string_view argument,
                                            const RegisterLookup& registers) {
    const std::uint64_t number = SISKIN_TRY(take_number(registers));
    if (number > std::numeric_limits<std::uint32_t>::max()) {
        return fail(concat('\'', argument, "' has failed: integer is for 32-bit values"));
    }
    return static_cast<std::uint32_t>(number);
}

Result<> Arguments::finish() {
    if (!at_end()) {
        return fail(concat(name_, ": extraneous characters at the end of line"));
    }
    return {};
}

}  // namespace siskin::hmp
