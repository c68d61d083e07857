// SPDX-License-Identifier: Apache-2.0
// Names and texts of errors.
#include "base/error.h"

#include <system_error>

namespace siskin {

std::string_view error_class_name(ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::GenericError: return "GenericError";
        case ErrorClass::CommandNotFound: return "CommandNotFound";
        case ErrorClass::DeviceNotActive: return "DeviceNotActive";
        case ErrorClass::DeviceNotFound: return "DeviceNotFound";
        case ErrorClass::KVMMissingCap: return "KVMMissingCap";
    }
    return "GenericError";
}

Error in_context(std::string_view context, Error error) {
    error.message.insert(0, ": ").insert(0, context);
    return error;
}

std::string errno_text(int error_number) {
    return std::system_category().message(error_number);
}

}  // namespace siskin
