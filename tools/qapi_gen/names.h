// SPDX-License-Identifier: Apache-2.0
// Schema names to C++ names.
#pragma once

#include <string>
#include <string_view>

#include "tools/qapi_gen/model.h"

namespace siskin::qapi {

// "guest-panicked" -> "GuestPanicked", "3des" -> "N3des"
[[nodiscard]] std::string pascal_case(std::string_view name);
// "qom-path" -> "qom_path", "UUID" -> "uuid", "class" -> "class_"
[[nodiscard]] std::string snake_case(std::string_view name);
// "std::vector<CpuInfoFast>"
[[nodiscard]] std::string cpp_type(const TypeRef& type);
// The struct that holds a command's arguments, or empty.
[[nodiscard]] std::string arguments_type(const Entry& command);
// "run-control" -> "RunControlCommands"
[[nodiscard]] std::string group_class(std::string_view group);

}  // namespace siskin::qapi
