// SPDX-License-Identifier: Apache-2.0
// Finds whole top-level JSON values in a stream of bytes, and the way back after garbage.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace siskin::qmp {

// One message's bounds. QEMU allows 64 MiB, 1024 levels and 2 Mi tokens.
inline constexpr std::size_t kMessageSizeMax = std::size_t{1} << 20U;  // bytes, by default
// What a monitor may be told to take instead of that.
inline constexpr std::size_t kMessageSizeLow = std::size_t{4} << 10U;
inline constexpr std::size_t kMessageSizeHigh = std::size_t{64} << 20U;
inline constexpr std::size_t kNestingMax = 1024;
inline constexpr std::size_t kTokensMax = std::size_t{2} << 20U;

// What came out of the stream: the text of one value, or what to tell the client.
struct Frame {
    bool is_error = false;
    std::string text;
};

// A lexer and a count of open brackets; what is between the brackets is the parser's. Any chunking
// gives the same frames. A byte that fits no token drops what was collected; the stream goes on at
// the next structural character, and at once at a control character or 0xFF (QMP spec §2.3.1: how
// a client resynchronises). Thread: its owner's.
class Framer {
public:
    struct Limits {
        std::size_t message_size = kMessageSizeMax;
        std::size_t nesting = kNestingMax;
        std::size_t tokens = kTokensMax;
    };

    Framer() = default;
    explicit Framer(const Limits& limits) : limits_(limits) {}

    // Takes bytes until a frame is whole or they end; returns how many it took.
    std::size_t feed(std::string_view bytes, std::optional<Frame>& frame);
    // Whether the next byte that is no white space begins a message.
    [[nodiscard]] bool is_between_messages() const {
        return state_ == State::Start && message_.empty() && !swallowing_;
    }

private:
    enum class State {
        Start,
        Keyword,
        Minus,
        Zero,
        Digits,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
        String,
        Escape,
        Recovery,
    };
    enum class Step { Taken, Again };
    // Those that are open; fewer than none where more were closed.
    struct Brackets {
        std::ptrdiff_t curly = 0;
        std::ptrdiff_t square = 0;

        void count(char character) {
            switch (character) {
                case '{': ++curly; break;
                case '}': --curly; break;
                case '[': ++square; break;
                case ']': --square; break;
                default: break;
            }
        }
        [[nodiscard]] bool are_open() const { return curly >= 0 && square >= 0 && depth() > 0; }
        [[nodiscard]] std::ptrdiff_t depth() const { return curly + square; }
    };

    std::size_t put_run(std::string_view bytes);
    std::size_t put_plain(std::string_view bytes);
    Step step(char character, std::optional<Frame>& frame);
    Step start(char character, std::optional<Frame>& frame);
    Step number(char character, std::optional<Frame>& frame);
    void string(char character, std::optional<Frame>& frame);
    void begin_token(State state);
    void put(char character, std::optional<Frame>& frame);
    void end_token(std::optional<Frame>& frame);
    void bracket(char character, std::optional<Frame>& frame);
    void stray(char character, std::optional<Frame>& frame);
    void over_limit(std::string_view what, std::optional<Frame>& frame);
    void forget();

    Limits limits_;
    State state_ = State::Start;
    std::string message_;          // the value so far; white space between tokens is one space
    std::size_t token_start_ = 0;  // in message_
    char quote_ = '"';
    std::size_t tokens_ = 0;
    Brackets brackets_;
    bool swallowing_ = false;  // after a limit: until the value ends
};

}  // namespace siskin::qmp
