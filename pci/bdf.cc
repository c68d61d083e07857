// SPDX-License-Identifier: Apache-2.0
// Reading and printing addresses of functions.
#include "pci/bdf.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace siskin {
namespace {

// At most four digits, with or without 0x.
std::optional<std::uint64_t> parse_hex(std::string_view text, std::uint64_t max) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
    }
    if (text.empty() || text.size() > 4) {
        return std::nullopt;
    }
    const auto number = parse_unsigned(text, 16);
    return number && *number <= max ? number : std::nullopt;
}

}  // namespace

std::string to_text(DevFn devfn) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%02x.%x", devfn.device(), devfn.function());
    return buffer.data();
}

std::string to_text(Bdf bdf) {
    std::array<char, 16> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%02x:", static_cast<unsigned>(bdf.bus));
    return buffer.data() + to_text(bdf.devfn);
}

std::optional<DevFn> parse_devfn(std::string_view text) {
    const auto point = text.find('.');
    const auto device = parse_hex(text.substr(0, point), DevFn::kDeviceCount - 1);
    const auto function = point == std::string_view::npos
                              ? std::optional<std::uint64_t>(0)
                              : parse_hex(text.substr(point + 1), DevFn::kFunctionCount - 1);
    if (!device || !function) {
        return std::nullopt;
    }
    return DevFn::of(static_cast<unsigned>(*device), static_cast<unsigned>(*function));
}

std::optional<Bdf> parse_bdf(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto bus = parse_hex(text.substr(0, colon), 0xff);
    const auto devfn = parse_devfn(text.substr(colon + 1));
    if (!bus || !devfn) {
        return std::nullopt;
    }
    return Bdf{static_cast<std::uint8_t>(*bus), *devfn};
}

std::optional<DevFn> Codec<DevFn>::parse(const Value& value, const NumberRange&) {
    if (const auto* const number = value.as_int()) {
        const bool fits = *number >= 0 && *number <= 0xff;
        return fits ? std::optional(DevFn(static_cast<std::uint8_t>(*number))) : std::nullopt;
    }
    const std::string* const text = value.as_string();
    return text != nullptr ? parse_devfn(*text) : std::nullopt;
}

std::optional<std::optional<DevFn>> Codec<std::optional<DevFn>>::parse(const Value& value,
                                                                       const NumberRange& range) {
    using Address = std::optional<DevFn>;
    if (value == Value(-1) || value == Value("-1")) {
        return std::make_optional<Address>();
    }
    const Address given = Codec<DevFn>::parse(value, range);
    return given ? std::make_optional<Address>(given) : std::nullopt;
}

}  // namespace siskin
