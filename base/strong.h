// SPDX-License-Identifier: Apache-2.0
// Strong<Tag, Rep>: an integer that does not mix with other kinds of number.
#pragma once

#include <compare>
#include <functional>

namespace siskin {

// Explicit in, explicit out (`value()`); ordered and hashable; no arithmetic unless units.h adds
// it.
template <typename Tag, typename Rep>
class Strong {
public:
    using rep = Rep;

    constexpr Strong() = default;
    constexpr explicit Strong(Rep value) : value_(value) {}

    [[nodiscard]] constexpr Rep value() const { return value_; }

    friend constexpr auto operator<=>(Strong, Strong) = default;

private:
    Rep value_{};
};

}  // namespace siskin

template <typename Tag, typename Rep>
struct std::hash<siskin::Strong<Tag, Rep>> {
    std::size_t operator()(siskin::Strong<Tag, Rep> key) const noexcept {
        return std::hash<Rep>{}(key.value());
    }
};
