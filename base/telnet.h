// SPDX-License-Identifier: Apache-2.0
// Telnet (RFC 854): the escapes of a stream that a telnet program sends and takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace siskin {

// Begins each command; as a byte of the stream it is sent twice.
inline constexpr char kTelnetEscape = '\xff';

// What a server says first: it will echo (RFC 857) and send no go-ahead (RFC 858), so that the
// program passes each key at once; bytes have eight bits in both directions (RFC 856).
inline constexpr std::string_view kTelnetOpening("\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00",
                                                 12);

// Which end of a connection this is: a server opens the negotiation, a client waits for it.
enum class TelnetEnd : std::uint8_t { Server, Client };

// Takes the commands out of what comes, however it is cut into pieces. Commands have no effect, but
// for the peer's word whether it sends eight-bit bytes.
class TelnetReader {
public:
    // How many of the first bytes are part of the stream as they are.
    [[nodiscard]] std::size_t plain(std::string_view bytes) const;
    // Takes one byte; returns what it is in the stream, if anything.
    [[nodiscard]] std::optional<char> take(char byte);

private:
    enum class State : std::uint8_t {
        Data,
        AfterReturn,      // CR of a network virtual terminal: NUL or LF follows it
        Command,          // after the escape
        Option,           // after WILL, WONT, DO, DONT
        Parameter,        // of an option, between SB and SE
        ParameterCommand  // after the escape in there
    };

    [[nodiscard]] std::optional<char> take_data(char byte);
    [[nodiscard]] std::optional<char> take_command(char byte);

    State state_ = State::Data;
    std::uint8_t command_ = 0;  // that an option follows
    bool is_binary_ = false;    // what the peer sends
};

// Takes the commands out of `bytes` and returns how many are left, at its beginning.
[[nodiscard]] std::size_t telnet_decode(TelnetReader& reader, std::span<std::uint8_t> bytes);

// Sends each escape in `bytes` twice.
void telnet_encode(std::vector<std::uint8_t>& bytes);

}  // namespace siskin
