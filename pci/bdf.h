// SPDX-License-Identifier: Apache-2.0
// DevFn and Bdf: where a function sits on its bus, and which bus that is.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/object/codec.h"

namespace siskin {

// Device 0..31 and function 0..7 in one byte, as configuration requests carry them (PCIe 5.0
// §2.2.4.2).
class DevFn {
public:
    static constexpr unsigned kDeviceCount = 32;
    static constexpr unsigned kFunctionCount = 8;

    constexpr DevFn() = default;
    constexpr explicit DevFn(std::uint8_t value) : value_(value) {}
    // Only the low 5 bits of `device` and the low 3 of `function` count.
    [[nodiscard]] static constexpr DevFn of(unsigned device, unsigned function) {
        return DevFn(static_cast<std::uint8_t>((device % kDeviceCount) * kFunctionCount +
                                               function % kFunctionCount));
    }

    [[nodiscard]] constexpr std::uint8_t value() const { return value_; }
    [[nodiscard]] constexpr unsigned device() const { return value_ / kFunctionCount; }
    [[nodiscard]] constexpr unsigned function() const { return value_ % kFunctionCount; }

    friend constexpr auto operator<=>(DevFn, DevFn) = default;

private:
    std::uint8_t value_ = 0;
};

// Bus, device and function: a requester or completer ID.
struct Bdf {
    std::uint8_t bus = 0;
    DevFn devfn;

    friend constexpr auto operator<=>(Bdf, Bdf) = default;
};

// "1f.0"
[[nodiscard]] std::string to_text(DevFn devfn);
// "00:1f.0"
[[nodiscard]] std::string to_text(Bdf bdf);

// "device[.function]", both hexadecimal, with or without 0x: "5", "1f.0", "0x1f.0x7".
[[nodiscard]] std::optional<DevFn> parse_devfn(std::string_view text);
// "bus:device.function", hexadecimal.
[[nodiscard]] std::optional<Bdf> parse_bdf(std::string_view text);

// The property `addr`: a string as parse_devfn, or a number that is device * 8 + function.
template <>
struct Codec<DevFn> {
    static constexpr std::string_view type_name = "int32";
    static std::optional<DevFn> parse(const Value& value, const NumberRange&);
    static Value print(DevFn value) { return unsigned{value.value()}; }
    static std::string allowed(const NumberRange&) {
        return "slot[.function] in hexadecimal, slot 0 to 1f, function 0 to 7";
    }
};

// -1 is none, as in QEMU.
template <>
struct Codec<std::optional<DevFn>> {
    static constexpr std::string_view type_name = Codec<DevFn>::type_name;
    static std::optional<std::optional<DevFn>> parse(const Value& value, const NumberRange& range);
    static Value print(const std::optional<DevFn>& value) {
        return value ? Codec<DevFn>::print(*value) : Value(-1);
    }
    static std::string allowed(const NumberRange& range) { return Codec<DevFn>::allowed(range); }
};

}  // namespace siskin
