// SPDX-License-Identifier: Apache-2.0
// OrUnset: a number that may be left unset, and the number that tells so to others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/object/codec.h"

namespace siskin {

// In QEMU a property always is a number, and one of its numbers stands for "chosen for you":
// num-queues=65535, bootindex=-1. Here it is none; only users see that number, and may write it.
template <typename T, auto kUnset>
class OrUnset : public std::optional<T> {
public:
    using std::optional<T>::optional;
};

template <typename T, auto kUnset>
struct Codec<OrUnset<T, kUnset>> {
    using Number = OrUnset<T, kUnset>;
    static constexpr bool kIsSigned = std::cmp_less(kUnset, 0);
    static constexpr std::string_view type_name = kIsSigned ? "int32" : Codec<T>::type_name;

    static std::optional<Number> parse(const Value& value, const NumberRange& range) {
        if (is_unset(value)) {
            return std::make_optional<Number>();
        }
        auto given = Codec<T>::parse(value, range);
        return given ? std::make_optional<Number>(std::move(*given)) : std::nullopt;
    }
    static Value print(const Number& value) {
        return value ? Codec<T>::print(*value) : Value(kUnset);
    }
    static std::string allowed(const NumberRange& range) { return Codec<T>::allowed(range); }

private:
    static bool is_unset(const Value& value) {
        if constexpr (kIsSigned) {
            return value == Value(kUnset) || value == Value(concat(kUnset));
        } else {
            return codec_detail::number_of(value) == static_cast<std::uint64_t>(kUnset);
        }
    }
};

}  // namespace siskin
