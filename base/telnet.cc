// SPDX-License-Identifier: Apache-2.0
// Telnet.
#include "base/telnet.h"

#include <algorithm>
#include <utility>

namespace siskin {
namespace {

// RFC 854, "telnet command structure".
constexpr std::uint8_t kEndOfParameter = 240;
constexpr std::uint8_t kParameter = 250;
constexpr std::uint8_t kWill = 251;
constexpr std::uint8_t kWont = 252;
constexpr std::uint8_t kDont = 254;
constexpr std::uint8_t kEscape = 255;
constexpr char kBinary = 0;  // an option, RFC 856

}  // namespace

std::size_t TelnetReader::plain(std::string_view bytes) const {
    static constexpr std::string_view kSpecial("\r\xff", 2);
    return state_ == State::Data ? std::min(bytes.find_first_of(kSpecial), bytes.size()) : 0;
}

std::optional<char> TelnetReader::take(char byte) {
    const auto code = static_cast<std::uint8_t>(byte);
    switch (state_) {
        case State::Data: return take_data(byte);
        case State::AfterReturn:
            state_ = State::Data;
            // RFC 854, "the telnet printer and keyboard": CR NUL is a carriage return alone.
            return byte == '\0' && !is_binary_ ? std::nullopt : take_data(byte);
        case State::Command: return take_command(byte);
        case State::Option:
            if (byte == kBinary && (command_ == kWill || command_ == kWont)) {
                is_binary_ = command_ == kWill;
            }
            state_ = State::Data;
            return std::nullopt;
        case State::Parameter:
            state_ = code == kEscape ? State::ParameterCommand : State::Parameter;
            return std::nullopt;
        case State::ParameterCommand:
            state_ = code == kEndOfParameter ? State::Data : State::Parameter;
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<char> TelnetReader::take_data(char byte) {
    if (byte == kTelnetEscape) {
        state_ = State::Command;
        return std::nullopt;
    }
    state_ = byte == '\r' ? State::AfterReturn : State::Data;
    return byte;
}

std::optional<char> TelnetReader::take_command(char byte) {
    const auto code = static_cast<std::uint8_t>(byte);
    state_ = State::Data;
    if (code == kEscape) {
        return byte;
    }
    if (code == kParameter) {
        state_ = State::Parameter;
    } else if (code >= kWill && code <= kDont) {
        command_ = code;
        state_ = State::Option;
    }
    return std::nullopt;
}

std::size_t telnet_decode(TelnetReader& reader, std::span<std::uint8_t> bytes) {
    std::size_t kept = 0;
    for (const std::uint8_t byte : bytes) {
        if (const auto data = reader.take(static_cast<char>(byte))) {
            bytes[kept] = static_cast<std::uint8_t>(*data);
            ++kept;
        }
    }
    return kept;
}

void telnet_encode(std::vector<std::uint8_t>& bytes) {
    if (std::find(bytes.begin(), bytes.end(), kEscape) == bytes.end()) {
        return;
    }
    std::vector<std::uint8_t> encoded;
    encoded.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        encoded.insert(encoded.end(), byte == kEscape ? 2 : 1, byte);
    }
    bytes = std::move(encoded);
}

}  // namespace siskin
