// SPDX-License-Identifier: Apache-2.0
// BlockOnError: what becomes of a request that the host failed.
#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include "base/object/codec.h"

namespace siskin {

// QEMU's type BlockdevOnError: werror= and rerror=.
enum class BlockOnError {
    Auto,    // Enospc for writes, Report for reads
    Report,  // the guest gets an error
    Ignore,  // the guest is told of a success
    Enospc,  // Stop where the host has no room left, Report otherwise
    Stop,    // the machine stops, and tries again when it goes on
};

// What is done about one error.
enum class BlockErrorAction { Report, Ignore, Stop };

// One request that the host failed.
struct BlockError {
    bool is_read;
    BlockErrorAction action;
    int error_number;
};

// Who is told of them, from any thread. After an error whose action is Stop the device keeps the
// request and takes no more until it is resumed; the sink has the machine stopped.
class BlockErrorSink {
public:
    virtual ~BlockErrorSink() = default;
    virtual void on_block_error(const BlockError& error) = 0;
};

[[nodiscard]] constexpr BlockErrorAction error_action(BlockOnError policy, bool is_read,
                                                      int error_number) {
    if (policy == BlockOnError::Auto) {
        policy = is_read ? BlockOnError::Report : BlockOnError::Enospc;
    }
    switch (policy) {
        case BlockOnError::Ignore: return BlockErrorAction::Ignore;
        case BlockOnError::Stop: return BlockErrorAction::Stop;
        case BlockOnError::Enospc:
            return error_number == ENOSPC ? BlockErrorAction::Stop : BlockErrorAction::Report;
        case BlockOnError::Auto:
        case BlockOnError::Report: return BlockErrorAction::Report;
    }
    return BlockErrorAction::Report;
}

// Whether such policies can stop the machine; those of reads and writes.
[[nodiscard]] constexpr bool may_stop(BlockOnError reads, BlockOnError writes) {
    return error_action(reads, true, ENOSPC) == BlockErrorAction::Stop ||
           error_action(writes, false, ENOSPC) == BlockErrorAction::Stop;
}

[[nodiscard]] std::string_view on_error_name(BlockOnError policy);
[[nodiscard]] std::optional<BlockOnError> parse_on_error(std::string_view name);

template <>
struct Codec<BlockOnError> {
    static constexpr std::string_view type_name = "BlockdevOnError";
    static std::optional<BlockOnError> parse(const Value& value, const NumberRange&) {
        const std::string* const text = value.as_string();
        return text == nullptr ? std::nullopt : parse_on_error(*text);
    }
    static Value print(BlockOnError value) { return std::string(on_error_name(value)); }
    static std::string allowed(const NumberRange&) {
        return "report, ignore, enospc, stop or auto";
    }
};

}  // namespace siskin
