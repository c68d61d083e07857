// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error. SISKIN_TRY hands the error up; SISKIN_ASSERT is for our own bugs.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "base/error.h"

namespace siskin {

// A value or an Error. Ignoring one is a compile error (nodiscard, warnings are errors).
template <typename T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
    using tl::expected<T, Error>::expected;
};

// What a successful Result holds, moved out; for SISKIN_TRY.
template <typename T>
[[nodiscard]] T take_value(Result<T>&& result) {
    return *std::move(result);
}
inline void take_value(Result<void>&&) {}

// The failing half: `return fail("num-queues is 65, the most is 64");`
[[nodiscard]] inline tl::unexpected<Error> fail(std::string message) {
    return tl::unexpected<Error>(Error{ErrorClass::GenericError, std::move(message)});
}

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorClass error_class, std::string message) {
    return tl::unexpected<Error>(Error{error_class, std::move(message)});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

// "<what>: <text of the errno>"
[[nodiscard]] inline tl::unexpected<Error> fail_errno(std::string_view what, int error_number) {
    return tl::unexpected<Error>(
        in_context(what, Error{ErrorClass::GenericError, errno_text(error_number)}));
}

// Prints the place and the condition, then aborts. Guest and client bytes never get here.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace siskin

// The value of `expr`, or a return of its error from the function around. Not behind a comma in a
// braced list: the elements before it would not be destroyed on the way out (g++ and clang alike).
#define SISKIN_TRY(...)                                                  \
    ({                                                                   \
        auto siskin_try_result = (__VA_ARGS__);                          \
        if (!siskin_try_result) {                                        \
            return ::siskin::fail(std::move(siskin_try_result).error()); \
        }                                                                \
        ::siskin::take_value(std::move(siskin_try_result));              \
    })

// The same, with what the caller knows put before the message.
#define SISKIN_TRY_IN(context, ...)                                                     \
    ({                                                                                  \
        auto siskin_try_result = (__VA_ARGS__);                                         \
        if (!siskin_try_result) {                                                       \
            return ::siskin::fail(                                                      \
                ::siskin::in_context((context), std::move(siskin_try_result).error())); \
        }                                                                               \
        ::siskin::take_value(std::move(siskin_try_result));                             \
    })

// Holds in every build: an invariant of our own, never a statement about guest or client bytes.
#define SISKIN_ASSERT(condition)                                        \
    do {                                                                \
        if (!(condition)) {                                             \
            ::siskin::assertion_failed(#condition, __FILE__, __LINE__); \
        }                                                               \
    } while (false)
