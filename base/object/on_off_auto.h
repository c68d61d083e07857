// SPDX-License-Identifier: Apache-2.0
// OnOffAuto: a switch that may be left to the device.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/object/codec.h"

namespace siskin {

// QEMU's type of that name.
enum class OnOffAuto { Auto, On, Off };

template <>
struct Codec<OnOffAuto> {
    static constexpr std::string_view type_name = "OnOffAuto";
    static std::optional<OnOffAuto> parse(const Value& value, const NumberRange&) {
        const std::string* const text = value.as_string();
        if (text != nullptr && *text == "auto") {
            return OnOffAuto::Auto;
        }
        const auto on = codec_detail::boolean_of(value);
        return on ? std::optional(*on ? OnOffAuto::On : OnOffAuto::Off) : std::nullopt;
    }
    static Value print(OnOffAuto value) {
        return value == OnOffAuto::Auto ? "auto" : value == OnOffAuto::On ? "on" : "off";
    }
    static std::string allowed(const NumberRange&) { return "on, off or auto"; }
};

}  // namespace siskin
