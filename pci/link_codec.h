// SPDX-License-Identifier: Apache-2.0
// The properties of links and of what bridges reserve, as types of property tables.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/object/or_unset.h"
#include "base/object/property.h"
#include "base/result.h"
#include "pci/capability.h"

namespace siskin {

// The values are those of PCIe 5.0 §7.5.3.6.
enum class LinkSpeed : std::uint8_t { Gt2_5 = 1, Gt5 = 2, Gt8 = 3, Gt16 = 4 };
enum class LinkWidth : std::uint8_t {
    X1 = 1,
    X2 = 2,
    X4 = 4,
    X8 = 8,
    X12 = 12,
    X16 = 16,
    X32 = 32
};

template <>
struct Codec<LinkSpeed> {
    static constexpr std::string_view type_name = "PCIELinkSpeed";
    static std::optional<LinkSpeed> parse(const Value& value, const NumberRange&);
    static Value print(LinkSpeed value);
    static std::string allowed(const NumberRange&) { return "2_5, 5, 8 or 16 (GT/s)"; }
};

template <>
struct Codec<LinkWidth> {
    static constexpr std::string_view type_name = "PCIELinkWidth";
    static std::optional<LinkWidth> parse(const Value& value, const NumberRange&);
    static Value print(LinkWidth value);
    static std::string allowed(const NumberRange&) { return "1, 2, 4, 8, 12, 16 or 32 (lanes)"; }
};

// A part of a bridge's config struct: group<&C::reserve>(kReserveProperties).
struct ReserveProperties {
    using Size = OrUnset<ByteCount, ~std::uint64_t{0}>;

    OrUnset<std::uint32_t, 0xffffffffU> buses;
    Size io;
    Size memory;
    Size prefetchable32;
    Size prefetchable64;
};

inline constexpr std::array kReserveProperties{
    property<&ReserveProperties::buses>("bus-reserve", "Bus numbers to leave free behind it.",
                                        InRange{0, 255}),
    property<&ReserveProperties::io>("io-reserve", "I/O ports to leave free behind it.",
                                     InRange{0, 0x10000}),
    property<&ReserveProperties::memory>("mem-reserve", "Memory to leave free behind it.",
                                         InRange{0, 0xffffffff}),
    property<&ReserveProperties::prefetchable32>(
        "pref32-reserve", "Prefetchable memory below 4 GiB to leave free behind it.",
        InRange{0, 0xffffffff}),
    property<&ReserveProperties::prefetchable64>(
        "pref64-reserve", "64-bit prefetchable memory to leave free behind it.",
        InRange{0, std::uint64_t{1} << 40}),
};

// Error: both kinds of prefetchable memory, which share one window.
[[nodiscard]] Result<BridgeReserve> reserve_of(const ReserveProperties& properties,
                                               std::string_view type_name);

}  // namespace siskin
