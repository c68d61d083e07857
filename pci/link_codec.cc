// SPDX-License-Identifier: Apache-2.0
// Reading and printing speeds, widths and reserves.
#include "pci/link_codec.h"

#include <algorithm>

#include "base/text.h"

namespace siskin {
namespace {

struct SpeedName {
    LinkSpeed speed;
    std::string_view name;
};
constexpr std::array kSpeeds{SpeedName{LinkSpeed::Gt2_5, "2_5"}, SpeedName{LinkSpeed::Gt5, "5"},
                             SpeedName{LinkSpeed::Gt8, "8"}, SpeedName{LinkSpeed::Gt16, "16"}};
constexpr std::array<std::uint8_t, 7> kWidths{1, 2, 4, 8, 12, 16, 32};

std::optional<std::uint64_t> bytes_of(const std::optional<ByteCount>& count) {
    return count ? std::optional(count->value()) : std::nullopt;
}

}  // namespace

std::optional<LinkSpeed> Codec<LinkSpeed>::parse(const Value& value, const NumberRange&) {
    const std::string* const text = value.as_string();
    const auto* const found = std::find_if(kSpeeds.begin(), kSpeeds.end(), [&](const auto& row) {
        return text != nullptr && row.name == *text;
    });
    return found == kSpeeds.end() ? std::nullopt : std::optional(found->speed);
}

Value Codec<LinkSpeed>::print(LinkSpeed value) {
    const auto* const found = std::find_if(kSpeeds.begin(), kSpeeds.end(),
                                           [&](const auto& row) { return row.speed == value; });
    return std::string(found->name);
}

std::optional<LinkWidth> Codec<LinkWidth>::parse(const Value& value, const NumberRange&) {
    const std::string* const text = value.as_string();
    const auto number = text == nullptr ? std::nullopt : parse_unsigned(*text, 10);
    const bool known =
        number && std::find(kWidths.begin(), kWidths.end(), *number) != kWidths.end();
    return known ? std::optional(static_cast<LinkWidth>(*number)) : std::nullopt;
}

Value Codec<LinkWidth>::print(LinkWidth value) {
    return concat(static_cast<unsigned>(value));
}

Result<BridgeReserve> reserve_of(const ReserveProperties& properties, std::string_view type_name) {
    if (properties.prefetchable32 && properties.prefetchable64) {
        return fail(concat(type_name,
                           ": pref32-reserve and pref64-reserve exclude each other: a bridge has "
                           "one prefetchable window"));
    }
    return BridgeReserve{properties.buses, bytes_of(properties.io), bytes_of(properties.memory),
                         bytes_of(properties.prefetchable32), bytes_of(properties.prefetchable64)};
}

}  // namespace siskin
