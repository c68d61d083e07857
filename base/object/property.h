// SPDX-License-Identifier: Apache-2.0
// Property tables: a device's options declared once, beside its config struct.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/object/codec.h"
#include "base/result.h"
#include "base/value.h"

namespace siskin {

// A bound for a number or a size: property<&C::queues>("num-queues", "...", InRange{1, 64}).
struct InRange {
    std::uint64_t min;
    std::uint64_t max;
};

// One property of a config struct. Everything that speaks of it reads this row: the command line,
// device_add, introspection, `-device X,help` and docs/reference/devices.md.
struct PropertyRow {
    std::string_view name;
    std::string_view description;  // a sentence
    std::string_view type_name;
    NumberRange range;
    // False when the value does not fit; the config is unchanged then.
    bool (*set)(void* config, const Value& value, const NumberRange& range);
    Value (*get)(const void* config);
    std::string (*allowed)(const NumberRange& range);
};

namespace property_detail {

template <typename Pointer>
struct MemberOf;
template <typename ConfigType, typename FieldType>
struct MemberOf<FieldType ConfigType::*> {
    using Config = ConfigType;
    using Field = FieldType;
};

}  // namespace property_detail

template <auto Member>
[[nodiscard]] constexpr PropertyRow property(std::string_view name, std::string_view description,
                                             InRange bounds = {
                                                 0, std::numeric_limits<std::uint64_t>::max()}) {
    using Config = typename property_detail::MemberOf<decltype(Member)>::Config;
    using Field = typename property_detail::MemberOf<decltype(Member)>::Field;
    return PropertyRow{
        name,
        description,
        Codec<Field>::type_name,
        NumberRange{bounds.min, bounds.max},
        [](void* config, const Value& value, const NumberRange& range) {
            auto parsed = Codec<Field>::parse(value, range);
            if (parsed) {
                static_cast<Config*>(config)->*Member = std::move(*parsed);
            }
            return parsed.has_value();
        },
        [](const void* config) {
            return Codec<Field>::print(static_cast<const Config*>(config)->*Member);
        },
        [](const NumberRange& range) { return Codec<Field>::allowed(range); },
    };
}

// The rows of one part of a device's config, and how to get from the whole to the part.
struct PropertyGroup {
    std::span<const PropertyRow> rows;
    void* (*part)(void* config);
};

// group<&BlkPciConfig::pci>(kPciProperties)
template <auto Part>
[[nodiscard]] constexpr PropertyGroup group(std::span<const PropertyRow> rows) {
    using Config = typename property_detail::MemberOf<decltype(Part)>::Config;
    return PropertyGroup{
        rows, [](void* config) -> void* { return &(static_cast<Config*>(config)->*Part); }};
}

// For a table that belongs to the whole config struct.
[[nodiscard]] constexpr PropertyGroup group_of_whole(std::span<const PropertyRow> rows) {
    return PropertyGroup{rows, [](void* config) { return config; }};
}

// A property found in a device's groups, bound to one config object.
struct BoundProperty {
    const PropertyRow* row;
    void* part;

    [[nodiscard]] Value get() const { return row->get(part); }
};

// The row of that name, or one whose row is null.
[[nodiscard]] BoundProperty find_property(std::span<const PropertyGroup> groups, void* config,
                                          std::string_view name);

// Sets it. Errors, with `owner` for the device's type name: "Property 'T.p' not found" and
// "Property 'T.p' doesn't take value 'v', allowed is ...".
[[nodiscard]] Result<> set_property(std::span<const PropertyGroup> groups, void* config,
                                    std::string_view owner, std::string_view name,
                                    const Value& value);

// A scalar Value as people write it ("on", 7, text without quotes); for messages and help.
[[nodiscard]] std::string display(const Value& value);

}  // namespace siskin
