// SPDX-License-Identifier: Apache-2.0
// docs/reference/devices.md.
#include "base/text.h"
#include "tools/reference/markdown.h"
#include "tools/reference/pages.h"
#include "vmm/machine/device_catalog.h"

namespace siskin::reference {
namespace {

constexpr std::string_view kOpening =
    "# Devices\n"
    "\n"
    "Every type that `-device` takes, and its properties, as `siskin -device TYPE,help` prints "
    "them.\n"
    "Written by `siskin_reference` from the property tables beside the devices; do not edit it "
    "here.\n";

std::string section(const DeviceType& type) {
    std::string text = concat("\n### ", type.name, "\n\n");
    text += type.description.empty() ? "" : concat(type.description, ". ");
    text += type.bus.empty() ? "On no bus." : concat("On a bus of kind ", code(type.bus), '.');
    text += type.alias.empty() ? "" : concat(" Also called ", code(type.alias), '.');
    const auto properties = describe_properties(type);
    return concat(text, '\n', properties.empty() ? "" : "\n",
                  properties.empty() ? "" : property_table(properties));
}

}  // namespace

std::string devices_page() {
    std::string text(kOpening);
    for (const DeviceCategory category : kDeviceCategories) {
        std::string sections;
        for (const CatalogRow& row : device_catalog()) {
            sections += row.type->category == category ? section(*row.type) : "";
        }
        text += sections.empty() ? "" : concat("\n## ", category_heading(category), '\n', sections);
    }
    return text;
}

}  // namespace siskin::reference
