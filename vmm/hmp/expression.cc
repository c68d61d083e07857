// SPDX-License-Identifier: Apache-2.0
// Expressions by recursive descent.
#include "vmm/hmp/expression.h"

#include <cctype>
#include <limits>

#include "base/text.h"

namespace siskin::hmp {
namespace {

bool is_space(char character) {
    return std::isspace(static_cast<unsigned char>(character)) != 0;
}

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

bool is_register_character(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_' ||
           character == '.';
}

unsigned digit_value(char character) {
    if (is_digit(character)) {
        return static_cast<unsigned>(character - '0');
    }
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
    return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a' + 10) : 99;
}

Result<std::uint64_t> divide(std::uint64_t left, std::uint64_t right, bool want_quotient) {
    if (right == 0) {
        return fail("division by zero");
    }
    const auto dividend = static_cast<std::int64_t>(left);
    const auto divisor = static_cast<std::int64_t>(right);
    if (divisor == -1) {  // the lowest number has no positive counterpart: it wraps
        return want_quotient ? 0 - left : 0;
    }
    return static_cast<std::uint64_t>(want_quotient ? dividend / divisor : dividend % divisor);
}

class Parser {
public:
    Parser(std::string_view text, const RegisterLookup& registers)
        : text_(text), registers_(registers) {}

    Result<std::uint64_t> sum() {
        std::uint64_t value = SISKIN_TRY(logic());
        while (peek() == '+' || peek() == '-') {
            const bool adds = take() == '+';
            const std::uint64_t other = SISKIN_TRY(logic());
            value = adds ? value + other : value - other;
        }
        return value;
    }

    std::string_view rest() {
        skip_space();
        return text_;
    }

private:
    Result<std::uint64_t> logic() {
        std::uint64_t value = SISKIN_TRY(product());
        while (peek() == '&' || peek() == '|' || peek() == '^') {
            const char action = take();
            const std::uint64_t other = SISKIN_TRY(product());
            value = action == '&' ? value & other : action == '|' ? value | other : value ^ other;
        }
        return value;
    }

    Result<std::uint64_t> product() {
        std::uint64_t value = SISKIN_TRY(unary());
        while (peek() == '*' || peek() == '/' || peek() == '%') {
            const char action = take();
            const std::uint64_t other = SISKIN_TRY(unary());
            value = action == '*' ? value * other : SISKIN_TRY(divide(value, other, action == '/'));
        }
        return value;
    }

    Result<std::uint64_t> unary() {
        if (depth_ == kExpressionDepthMax) {
            return fail(concat("expression is deeper than ", kExpressionDepthMax));
        }
        ++depth_;
        auto value = unary_inside();
        --depth_;
        return value;
    }

    Result<std::uint64_t> unary_inside() {
        switch (const char first = peek()) {
            case '+': take(); return unary();
            case '-': take(); return 0 - SISKIN_TRY(unary());
            case '~': take(); return ~SISKIN_TRY(unary());
            case '(': take(); return parenthesis();
            case '\'': take(); return character();
            case '$': take(); return register_value();
            case '\0': return fail("unexpected end of expression");
            default:
                return is_digit(first) ? number()
                                       : fail(concat("invalid char '", first, "' in expression"));
        }
    }

    Result<std::uint64_t> parenthesis() {
        const std::uint64_t value = SISKIN_TRY(sum());
        if (peek() != ')') {
            return fail("')' expected");
        }
        take();
        return value;
    }

    Result<std::uint64_t> character() {
        if (text_.empty()) {
            return fail("character constant expected");
        }
        const auto value = static_cast<std::uint64_t>(static_cast<unsigned char>(text_.front()));
        text_.remove_prefix(1);
        if (!text_.starts_with('\'')) {
            return fail("missing terminating ' character");
        }
        text_.remove_prefix(1);
        return value;
    }

    Result<std::uint64_t> register_value() {
        std::size_t length = 0;
        while (length < text_.size() && is_register_character(text_[length])) {
            ++length;
        }
        const std::string_view name = text_.substr(0, length);
        text_.remove_prefix(length);
        return registers_(name);
    }

    Result<std::uint64_t> number() {
        std::uint64_t base = 10;
        if (text_.front() == '0') {
            base = 8;
            if (text_.size() > 2 && (text_[1] == 'x' || text_[1] == 'X') &&
                digit_value(text_[2]) < 16) {
                base = 16;
                text_.remove_prefix(2);
            }
        }
        std::uint64_t value = 0;
        while (!text_.empty() && digit_value(text_.front()) < base) {
            const std::uint64_t digit = digit_value(text_.front());
            if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / base) {
                return fail("number too large");
            }
            value = value * base + digit;
            text_.remove_prefix(1);
        }
        return value;
    }

    void skip_space() {
        while (!text_.empty() && is_space(text_.front())) {
            text_.remove_prefix(1);
        }
    }
    // The next character that is no space; NUL at the end.
    char peek() {
        skip_space();
        return text_.empty() ? '\0' : text_.front();
    }
    char take() {
        const char character = text_.front();
        text_.remove_prefix(1);
        return character;
    }

    std::string_view text_;
    const RegisterLookup& registers_;
    unsigned depth_ = 0;
};

}  // namespace

Result<std::uint64_t> take_expression(std::string_view& text, const RegisterLookup& registers) {
    Parser parser(text, registers);
    const std::uint64_t value = SISKIN_TRY(parser.sum());
    text = parser.rest();
    return value;
}

}  // namespace siskin::hmp
