// SPDX-License-Identifier: Apache-2.0
// Code spans and tables in Markdown.
#include "tools/reference/markdown.h"

#include <algorithm>

#include "base/text.h"

namespace siskin::reference {
namespace {

bool has_default(const DescribedProperty& property) {
    return !property.default_value.is_null() && property.default_value.as_list() == nullptr &&
           !display(property.default_value).empty();
}

}  // namespace

std::string code(std::string_view text) {
    return concat('`', text, '`');
}

std::string cell(std::string_view text) {
    std::string escaped;
    for (const char character : text) {
        escaped += character == '|' ? "\\|" : std::string(1, character);
    }
    return escaped;
}

std::string property_table(const std::vector<DescribedProperty>& properties) {
    const bool defaults = std::any_of(properties.begin(), properties.end(), has_default);
    std::string text =
        concat("| name | type | allowed |", defaults ? " default |" : "",
               " meaning |\n| --- | --- | --- |", defaults ? " --- |" : "", " --- |\n");
    for (const DescribedProperty& property : properties) {
        const PropertyRow& row = *property.row;
        text += concat("| ", code(row.name), " | ", row.type_name, " | ",
                       cell(row.allowed(row.range)), " |");
        if (defaults) {
            text += has_default(property)
                        ? concat(' ', code(cell(display(property.default_value))), " |")
                        : std::string(" |");
        }
        text += concat(' ', cell(row.description), " |\n");
    }
    return text;
}

}  // namespace siskin::reference
