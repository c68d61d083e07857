// SPDX-License-Identifier: Apache-2.0
// The explaining JSON parser.
#include "qmp/json_reader.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "qmp/utf8.h"

namespace siskin::qmp {
namespace {

tl::unexpected<Error> parse_error(std::string_view what) {
    return fail(concat("JSON parse error, ", what));
}

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}
bool is_lower(char character) {
    return character >= 'a' && character <= 'z';
}
bool is_quote(char character) {
    return character == '"' || character == '\'';
}

template <typename Integer>
std::optional<Integer> whole_number(std::string_view text) {
    Integer number{};
    const char* const end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, number);
    return status == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<Value> JsonReader::read() {
    Finished done = SISKIN_TRY(begin_value());
    while (!levels_.empty()) {
        done =
            done ? SISKIN_TRY(add(*std::exchange(done, std::nullopt))) : SISKIN_TRY(begin_value());
    }
    skip_space();
    if (!at_end()) {
        return parse_error("expecting value");
    }
    return std::move(*done);
}

Result<JsonReader::Finished> JsonReader::begin_value() {
    skip_space();
    const char first = here();
    if (is_quote(first)) {
        return Finished(Value(SISKIN_TRY(string())));
    }
    if (first == '-' || is_digit(first)) {
        return Finished(SISKIN_TRY(number()));
    }
    if (is_lower(first)) {
        return Finished(SISKIN_TRY(keyword()));
    }
    if (take('[')) {
        levels_.push_back({Value(Value::List()), {}});
        skip_space();
        return take(']') ? Finished(pop()) : Finished();
    }
    if (take('{')) {
        levels_.push_back({Value(Value::Dict()), {}});
        skip_space();
        if (take('}')) {
            return Finished(pop());
        }
        SISKIN_TRY(read_key());
        return Finished();
    }
    return parse_error("expecting value");
}

Result<JsonReader::Finished> JsonReader::add(Value value) {
    Level& level = levels_.back();
    if (auto* const list = level.container.as_list()) {
        list->push_back(std::move(value));
        skip_space();
        if (take(']')) {
            return Finished(pop());
        }
        return take(',') ? Result<Finished>(Finished())
                         : Result<Finished>(parse_error("expected separator in list"));
    }
    if (!level.container.as_dict()->insert(std::move(level.key), std::move(value))) {
        return parse_error("duplicate key");
    }
    skip_space();
    if (take('}')) {
        return Finished(pop());
    }
    if (!take(',')) {
        return parse_error("expected separator in dict");
    }
    SISKIN_TRY(read_key());
    return Finished();
}

Result<> JsonReader::read_key() {
    skip_space();
    const char first = here();
    if (!is_quote(first)) {
        if (is_lower(first)) {
            [[maybe_unused]] const Value word = SISKIN_TRY(keyword());
        }
        const bool other_value =
            is_lower(first) || is_digit(first) || first == '-' || first == '{' || first == '[';
        return parse_error(other_value ? "key is not a string in object" : "expecting value");
    }
    levels_.back().key = SISKIN_TRY(string());
    skip_space();
    return take(':') ? Result<>() : Result<>(parse_error("missing : in object pair"));
}

Value JsonReader::pop() {
    Value value = std::move(levels_.back().container);
    levels_.pop_back();
    return value;
}

Result<Value> JsonReader::keyword() {
    const std::size_t start = at_;
    while (is_lower(here())) {
        ++at_;
    }
    const std::string_view word = text_.substr(start, at_ - start);
    if (word == "true" || word == "false") {
        return Value(word == "true");
    }
    if (word == "null") {
        return Value();
    }
    return parse_error(concat("invalid keyword '", word.substr(0, 128), '\''));
}

std::size_t JsonReader::digits() {
    const std::size_t start = at_;
    while (is_digit(here())) {
        ++at_;
    }
    return at_ - start;
}

// RFC 8259 §6. The framer has seen to the form, so a bad one only comes from elsewhere.
Result<Value> JsonReader::number() {
    const std::size_t start = at_;
    bool good = true;
    bool is_whole = true;
    take('-');
    if (!take('0')) {
        good = digits() > 0;
    }
    if (take('.')) {
        is_whole = false;
        good = digits() > 0 && good;
    }
    if (here() == 'e' || here() == 'E') {
        is_whole = false;
        ++at_;
        if (!take('+')) {
            take('-');
        }
        good = digits() > 0 && good;
    }
    const std::string token(text_.substr(start, at_ - start));
    if (!good) {
        return parse_error(concat("stray '", token.substr(0, 128), '\''));
    }
    if (is_whole) {
        if (const auto integer = whole_number<std::int64_t>(token)) {
            return Value(*integer);
        }
        if (const auto unsigned_integer = whole_number<std::uint64_t>(token)) {
            return Value(*unsigned_integer);
        }
    }
    const double number = std::strtod(token.c_str(), nullptr);
    if (!std::isfinite(number)) {
        return parse_error(concat("number '", token.substr(0, 128), "' is out of range"));
    }
    return Value(number);
}

Result<std::string> JsonReader::string() {
    const char quote = here();
    ++at_;
    std::string out;
    while (!at_end() && here() != quote) {
        if (take('\\')) {
            SISKIN_TRY(escape(out, quote));
            continue;
        }
        if (static_cast<unsigned char>(here()) < 0x20) {
            return parse_error("control character in string");
        }
        const Utf8Character next = take_utf8(text_.substr(at_));
        if (!next.valid) {
            return parse_error("invalid UTF-8 sequence in string");
        }
        append_utf8(out, next.character);
        at_ += next.length;
    }
    if (!take(quote)) {
        return parse_error("string without an end");
    }
    return out;
}

Result<> JsonReader::escape(std::string& out, char quote) {
    static constexpr std::string_view kNames = "\"'\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"'\\/\b\f\n\r\t";
    const std::size_t index = at_end() ? std::string_view::npos : kNames.find(here());
    if (index != std::string_view::npos) {
        ++at_;
        out += kMeanings[index];
        return {};
    }
    if (!take('u')) {
        return parse_error("invalid escape sequence in string");
    }
    append_utf8(out, SISKIN_TRY(unicode_escape(quote)));
    return {};
}

std::optional<char32_t> JsonReader::hex_digits() const {
    const std::string_view four = text_.substr(at_, 4);
    const auto number = parse_unsigned(four, 16);
    return four.size() == 4 && number ? std::optional(static_cast<char32_t>(*number))
                                      : std::nullopt;
}

// RFC 8259 §7: a character beyond the Basic Multilingual Plane is a pair of surrogates; one alone
// is no character.
Result<char32_t> JsonReader::unicode_escape(char quote) {
    const std::string_view quoted = text_.substr(at_, 4);
    const auto invalid = [&] {
        const std::size_t end = quoted.find(quote);
        return parse_error(concat("\\u",
                                  quoted.substr(0, end == std::string_view::npos ? end : end + 1),
                                  " is not a valid Unicode character"));
    };
    const auto first = hex_digits();
    if (!first || (*first >= 0xdc00 && *first <= 0xdfff)) {
        return invalid();
    }
    if (is_noncharacter(*first)) {
        return invalid();
    }
    at_ += 4;
    if (!is_surrogate(*first)) {
        return *first;
    }
    if (!take('\\') || !take('u')) {
        return invalid();
    }
    const auto second = hex_digits();
    if (!second || *second < 0xdc00 || *second > 0xdfff) {
        return invalid();
    }
    const char32_t whole = 0x10000U + ((*first - 0xd800U) << 10U) + (*second - 0xdc00U);
    if (is_noncharacter(whole)) {
        return invalid();
    }
    at_ += 4;
    return whole;
}

void JsonReader::skip_space() {
    while (!at_end() && std::string_view(" \t\r\n").find(here()) != std::string_view::npos) {
        ++at_;
    }
}

bool JsonReader::take(char character) {
    if (at_end() || text_[at_] != character) {
        return false;
    }
    ++at_;
    return true;
}

}  // namespace siskin::qmp
