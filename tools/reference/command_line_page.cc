// SPDX-License-Identifier: Apache-2.0
// docs/reference/command-line.md.
#include "base/text.h"
#include "devices/chardev/chardev_config.h"
#include "tools/reference/markdown.h"
#include "tools/reference/pages.h"
#include "vmm/machine/command_line.h"
#include "vmm/machine/numa_options.h"
#include "vmm/machine/object_catalog.h"
#include "vmm/machine/option_tables.h"

namespace siskin::reference {
namespace {

constexpr std::string_view kOpening =
    "# Command line\n"
    "\n"
    "Every option of this version, as `siskin -help` lists them. Written by `siskin_reference` "
    "from\n"
    "the table that the program parses by; do not edit it here.\n"
    "\n"
    "An option begins with one dash or two. A list `KEY=VALUE,...` may leave out its first key "
    "where\n"
    "that stands in brackets; a comma inside a value is written twice; a key alone is `on`. Sizes\n"
    "take a suffix k, M, G, T, P or E, each step times 1024.\n";

std::vector<DescribedProperty> without_defaults(std::span<const PropertyRow> rows) {
    std::vector<DescribedProperty> properties;
    for (const PropertyRow& row : rows) {
        properties.push_back({&row, Value()});
    }
    return properties;
}

std::string chardev_section() {
    std::string text;
    for (const ChardevBackendInfo& backend : chardev_backends()) {
        text += concat(
            "\n### -chardev ", backend.name, "\n\n", backend.description, '.',
            backend.alias.empty() ? "" : concat(" Also called ", code(backend.alias), '.'), '\n');
        if (!backend.options.empty()) {
            text += concat('\n', property_table(without_defaults(backend.options)));
        }
    }
    return text;
}

std::string object_section() {
    std::string text;
    for (const ObjectType& type : object_catalog()) {
        text += concat("\n### -object ", type.name, "\n\n", type.description, '\n');
        const std::vector<DescribedProperty> properties = describe_properties(type);
        text += properties.empty() ? "" : concat('\n', property_table(properties));
    }
    return text;
}

std::string numa_section() {
    std::string text;
    for (const NumaForm& form : numa_forms()) {
        text += concat("\n### -numa ", form.name, "\n\n", form.description, "\n\n",
                       property_table(without_defaults(form.keys)));
    }
    return text;
}

}  // namespace

std::string command_line_page() {
    std::string text(kOpening);
    for (const OptionDescription& option : describe_options()) {
        text += concat("\n## -", option.name, "\n\n", option.help, '\n');
        if (!option.argument.empty()) {
            text += concat("\n```\n-", option.name, ' ', option.argument, "\n```\n");
        }
        const std::span<const PropertyRow> keys = option_keys(option.name);
        if (!keys.empty()) {
            text += concat('\n', property_table(without_defaults(keys)));
        }
        if (option.name == "chardev") {
            text += chardev_section();
        }
        text += option.name == "object" ? object_section() : "";
        text += option.name == "numa" ? numa_section() : "";
    }
    return text;
}

}  // namespace siskin::reference
