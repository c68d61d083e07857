// SPDX-License-Identifier: Apache-2.0
// Throttle limits from options.
#include "vmm/machine/throttle_options.h"

#include <array>
#include <optional>
#include <string>

#include "base/object/codec.h"
#include "base/object/property.h"
#include "base/text.h"

namespace siskin {
namespace {

struct UnitName {
    ThrottleUnit unit;
    std::string_view name;
};
struct ScopeName {
    ThrottleScope scope;
    std::string_view name;
    std::string_view alias;
};
struct FieldName {
    std::uint64_t ThrottleLimit::*field;
    std::string_view name;
    std::string_view alias;  // none for lengths
    bool has_alias;
};
constexpr std::array kUnits{UnitName{ThrottleUnit::Bytes, "bps"},
                            UnitName{ThrottleUnit::Requests, "iops"}};
constexpr std::array kScopes{ScopeName{ThrottleScope::Total, "-total", ""},
                             ScopeName{ThrottleScope::Read, "-read", "_rd"},
                             ScopeName{ThrottleScope::Write, "-write", "_wr"}};
constexpr std::array kFields{FieldName{&ThrottleLimit::average, "", "", true},
                             FieldName{&ThrottleLimit::max, "-max", "_max", true},
                             FieldName{&ThrottleLimit::burst_s, "-max-length", "", false}};

// Takes one number out, by either name.
Result<> take(Value::Dict& members, const std::string& name, const std::string& alias,
              std::uint64_t& into) {
    std::optional<std::string> used;
    for (const std::string& key : {name, alias}) {
        const Value* const value = key.empty() ? nullptr : members.find(key);
        if (value == nullptr) {
            continue;
        }
        if (used) {
            return fail(
                concat("'", name, "' and its alias '", alias, "' can't be used at the same time"));
        }
        const auto number = codec_detail::size_of(*value);
        if (!number) {
            return fail(concat("Parameter '", key, "' expects a number, not '",
                               printable(display(*value)), "'"));
        }
        into = *number;
        used = key;
    }
    if (used) {
        members.erase(*used);
    }
    return {};
}

}  // namespace

Result<ThrottleLimits> take_throttle_limits(Value::Dict& members, std::string_view prefix,
                                            bool with_aliases) {
    ThrottleLimits limits;
    for (const UnitName& unit : kUnits) {
        for (const ScopeName& scope : kScopes) {
            for (const FieldName& field : kFields) {
                const bool has_alias = with_aliases && field.has_alias;
                SISKIN_TRY(
                    take(members, concat(prefix, unit.name, scope.name, field.name),
                         has_alias ? concat(unit.name, scope.alias, field.alias) : std::string(),
                         limits.of(unit.unit, scope.scope).*field.field));
            }
        }
    }
    SISKIN_TRY(take(members, concat(prefix, "iops-size"), with_aliases ? "iops_size" : "",
                    limits.iops_size));
    SISKIN_TRY(check_throttle_limits(limits));
    return limits;
}

}  // namespace siskin
