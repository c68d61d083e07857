// SPDX-License-Identifier: Apache-2.0
// A failure that a guest, a client, a file or the host can cause: a class and one line for people.
#pragma once

#include <string>
#include <string_view>

namespace siskin {

// The error classes of QMP. Everything but a client's command only ever needs GenericError.
enum class ErrorClass {
    GenericError,
    CommandNotFound,
    DeviceNotActive,
    DeviceNotFound,
    KVMMissingCap,
};

// The class's name as it stands on the wire.
[[nodiscard]] std::string_view error_class_name(ErrorClass error_class);

struct Error {
    ErrorClass error_class = ErrorClass::GenericError;
    std::string message;  // lower case, no full stop; names the thing, the value, what is allowed
};

// The same error, told by somebody who knows more: "<context>: <message>".
[[nodiscard]] Error in_context(std::string_view context, Error error);

// The text of an errno value, for the end of a message.
[[nodiscard]] std::string errno_text(int error_number);

}  // namespace siskin
