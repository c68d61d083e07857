// SPDX-License-Identifier: Apache-2.0
// What cannot be told property by property.
#include "virtio/transport/properties.h"

#include "base/text.h"

namespace siskin {
namespace {

struct Forbidden {
    bool present;
    std::string_view name;
    std::string_view value;
    std::string_view allowed;
};

}  // namespace

Result<> check_virtio_properties(const VirtioPciProperties& properties,
                                 std::string_view type_name) {
    const std::array<Forbidden, 4> checks{
        Forbidden{properties.disable_legacy == OnOffAuto::Off, "disable-legacy", "off",
                  "on or auto (there is no legacy interface)"},
        Forbidden{properties.disable_modern, "disable-modern", "on", "off"},
        Forbidden{properties.packed, "packed", "on", "off"},
        Forbidden{properties.iommu_platform, "iommu_platform", "on", "off"},
    };
    for (const Forbidden& check : checks) {
        if (check.present) {
            return fail(concat("Property '", type_name, '.', check.name, "' doesn't take value '",
                               check.value, "', allowed is ", check.allowed));
        }
    }
    return {};
}

}  // namespace siskin
