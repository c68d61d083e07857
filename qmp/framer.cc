// SPDX-License-Identifier: Apache-2.0
// The framer's lexer.
#include "qmp/framer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace siskin::qmp {
namespace {

// How much of a token an error quotes.
constexpr std::size_t kQuotedMax = 128;  // bytes

// As objects, so that searches have them inline.
constexpr auto is_digit = [](char character) { return character >= '0' && character <= '9'; };
constexpr auto is_keyword = [](char character) { return character >= 'a' && character <= 'z'; };
bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}
constexpr std::array<bool, 256> kIsStructural = [] {
    std::array<bool, 256> structural{};
    for (const char character : std::string_view("{}[]:,")) {
        structural[static_cast<unsigned char>(character)] = true;
    }
    return structural;
}();
bool is_structural(char character) {
    return kIsStructural[static_cast<unsigned char>(character)];
}
// Bytes that are in no JSON text, so a client may send one to start afresh.
constexpr bool resynchronises(char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte >= 0xfe;
}

// Which bytes of a string need no look.
constexpr std::array<bool, 256> kIsPlain = [] {
    std::array<bool, 256> plain{};
    for (unsigned byte = 0; byte < plain.size(); ++byte) {
        const auto character = static_cast<char>(byte);
        plain[byte] = !resynchronises(character) && character != '"' && character != '\'' &&
                      character != '\\';
    }
    return plain;
}();
constexpr auto is_plain = [](char character) {
    return kIsPlain[static_cast<unsigned char>(character)];
};

// The end of the string, integer or word at `at`, where it has no escape, fraction or leading zero
// and the byte that ends it is in sight; else `at`.
const char* plain_token_end(const char* at, const char* end) {
    const char* last = at;
    if (*at == '"') {
        last = std::find_if_not(at + 1, end, is_plain);
        return last != end && *last == '"' ? last + 1 : at;
    }
    if (is_keyword(*at)) {
        last = std::find_if_not(at, end, is_keyword);
        return last == end ? at : last;
    }
    const char* const digits = at + (*at == '-' ? 1 : 0);
    last = std::find_if_not(digits, end, is_digit);
    const bool is_integer = last != digits && (*digits != '0' || last == digits + 1);
    return is_integer && last != end && (is_structural(*last) || is_space(*last)) ? last : at;
}

}  // namespace

std::size_t Framer::feed(std::string_view bytes, std::optional<Frame>& frame) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !frame) {
        if (state_ == State::String) {
            taken += put_plain(bytes.substr(taken));
        } else if (state_ == State::Start && brackets_.are_open()) {
            taken += put_run(bytes.substr(taken));
        }
        if (taken == bytes.size()) {
            break;
        }
        taken += step(bytes[taken], frame) == Step::Taken ? 1 : 0;
    }
    return taken;
}

// The common case at speed: tokens inside an open value that are there as a whole and of a plain
// kind, with at most one space between them. It leaves the rest, and what is near a limit, to
// step().
std::size_t Framer::put_run(std::string_view bytes) {
    if (swallowing_) {
        return 0;
    }
    // Each byte adds at most one byte and one token, so up to here no limit but nesting is met.
    const std::size_t room =
        std::min({bytes.size(), limits_.message_size - message_.size(), limits_.tokens - tokens_});
    const char* const end = bytes.data() + room;
    const char* at = bytes.data();
    char before = message_.back();
    const auto nesting_max = static_cast<std::ptrdiff_t>(limits_.nesting);
    while (at != end) {
        const char* after = at + 1;
        if (*at == ' ') {
            if (before == ' ') {
                break;
            }
        } else if (is_structural(*at)) {
            Brackets counted = brackets_;
            counted.count(*at);
            if (!counted.are_open() || counted.depth() > nesting_max) {
                break;
            }
            brackets_ = counted;
            ++tokens_;
        } else {
            after = plain_token_end(at, end);
            if (after == at) {
                break;
            }
            ++tokens_;
        }
        at = after;
        before = at[-1];
    }
    message_.append(bytes.data(), at);
    return static_cast<std::size_t>(at - bytes.data());
}

// The common case at speed: what in a string needs no look. As far as the size limit allows.
std::size_t Framer::put_plain(std::string_view bytes) {
    std::size_t count = 0;
    while (count < bytes.size() && is_plain(bytes[count])) {
        ++count;
    }
    if (swallowing_) {
        return count;
    }
    count = std::min(count, limits_.message_size - message_.size());
    message_ += bytes.substr(0, count);
    return count;
}

Framer::Step Framer::step(char character, std::optional<Frame>& frame) {
    switch (state_) {
        case State::Start: return start(character, frame);
        case State::Keyword:
            if (is_keyword(character)) {
                put(character, frame);
                return Step::Taken;
            }
            end_token(frame);
            return Step::Again;
        case State::String:
        case State::Escape: string(character, frame); return Step::Taken;
        case State::Recovery:
            if (resynchronises(character) || is_structural(character)) {
                state_ = State::Start;
                return Step::Again;
            }
            return Step::Taken;
        default: return number(character, frame);
    }
}

Framer::Step Framer::start(char character, std::optional<Frame>& frame) {
    if (is_space(character)) {
        if (!message_.empty() && message_.back() != ' ') {
            put(' ', frame);
        }
        return Step::Taken;
    }
    if (is_structural(character)) {
        begin_token(State::Start);
        put(character, frame);
        bracket(character, frame);
    } else if (character == '"' || character == '\'') {
        quote_ = character;
        begin_token(State::String);
        put(character, frame);
    } else if (is_keyword(character)) {
        begin_token(State::Keyword);
        put(character, frame);
    } else if (character == '-' || is_digit(character)) {
        const State digits = character == '0' ? State::Zero : State::Digits;
        begin_token(character == '-' ? State::Minus : digits);
        put(character, frame);
    } else {
        token_start_ = message_.size();
        stray(character, frame);
    }
    return Step::Taken;
}

// RFC 8259 §6.
Framer::Step Framer::number(char character, std::optional<Frame>& frame) {
    const State before = state_;
    const bool digit = is_digit(character);
    const bool exponent = character == 'e' || character == 'E';
    bool may_end = false;
    State next = State::Recovery;
    switch (before) {
        case State::Minus:
            next = digit ? (character == '0' ? State::Zero : State::Digits) : next;
            break;
        case State::Zero:
        case State::Digits:
            if (character == '.') {
                next = State::Point;
            } else if (exponent) {
                next = State::Exponent;
            } else if (digit) {
                next = before == State::Digits ? State::Digits : next;
            } else {
                may_end = true;
            }
            break;
        case State::Point: next = digit ? State::Fraction : next; break;
        case State::Fraction:
            next = digit ? State::Fraction : (exponent ? State::Exponent : next);
            may_end = next == State::Recovery;
            break;
        case State::Exponent:
            if (character == '+' || character == '-') {
                next = State::ExponentSign;
                break;
            }
            next = digit ? State::ExponentDigits : next;
            break;
        case State::ExponentSign: next = digit ? State::ExponentDigits : next; break;
        default:  // ExponentDigits
            next = digit ? State::ExponentDigits : next;
            may_end = !digit;
            break;
    }
    if (may_end) {
        end_token(frame);
        return Step::Again;
    }
    if (next == State::Recovery) {
        stray(character, frame);
        return Step::Taken;
    }
    state_ = next;
    put(character, frame);
    return Step::Taken;
}

void Framer::string(char character, std::optional<Frame>& frame) {
    if (resynchronises(character)) {
        stray(character, frame);
        return;
    }
    const bool closes = state_ == State::String && character == quote_;
    state_ = state_ == State::String && character == '\\' ? State::Escape : State::String;
    put(character, frame);
    if (closes) {
        end_token(frame);
    }
}

void Framer::begin_token(State state) {
    state_ = state;
    token_start_ = message_.size();
    ++tokens_;
}

void Framer::put(char character, std::optional<Frame>& frame) {
    if (swallowing_) {
        return;
    }
    if (message_.size() >= limits_.message_size) {
        over_limit("size", frame);
    } else if (tokens_ > limits_.tokens) {
        over_limit("count", frame);
    } else {
        message_ += character;
    }
}

void Framer::bracket(char character, std::optional<Frame>& frame) {
    brackets_.count(character);
    if (brackets_.depth() > static_cast<std::ptrdiff_t>(limits_.nesting)) {
        over_limit("nesting", frame);
        return;
    }
    end_token(frame);
}

// A token is whole. The value is, too, where nothing is open, or more was closed than opened.
void Framer::end_token(std::optional<Frame>& frame) {
    state_ = State::Start;
    if (brackets_.are_open()) {
        return;
    }
    if (!swallowing_) {
        frame = Frame{false, std::move(message_)};
    }
    forget();
}

void Framer::stray(char character, std::optional<Frame>& frame) {
    std::string token = swallowing_ ? std::string() : message_.substr(token_start_);
    token += character;
    token = token.substr(0, std::min(token.find('\0'), kQuotedMax));
    if (!swallowing_) {
        frame = Frame{true, concat("JSON parse error, stray '", token, '\'')};
    }
    forget();
    state_ = State::Recovery;
}

// One error, then silence until the value that broke the limit has ended.
void Framer::over_limit(std::string_view what, std::optional<Frame>& frame) {
    if (swallowing_) {
        return;
    }
    frame = Frame{true, what == "nesting" ? "JSON nesting depth limit exceeded"
                                          : concat("JSON token ", what, " limit exceeded")};
    swallowing_ = true;
    message_.clear();
    message_.shrink_to_fit();
    token_start_ = 0;
}

void Framer::forget() {
    message_.clear();
    tokens_ = 0;
    brackets_ = {};
    swallowing_ = false;
    token_start_ = 0;
}

}  // namespace siskin::qmp
