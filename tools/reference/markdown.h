// SPDX-License-Identifier: Apache-2.0
// What the reference pages share: code spans and tables of properties in Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/object/device_type.h"

namespace siskin::reference {

// A code span. In a table, '|' would end the cell even there.
[[nodiscard]] std::string code(std::string_view text);
[[nodiscard]] std::string cell(std::string_view text);

// One row a property; a column of defaults only where one of them has a default.
[[nodiscard]] std::string property_table(const std::vector<DescribedProperty>& properties);

}  // namespace siskin::reference
