// SPDX-License-Identifier: Apache-2.0
// Questions the C++ emitters ask of a schema.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tools/qapi_gen/model.h"

namespace siskin::qapi {

// A copy in which each command's inline arguments have become a struct `<Command>Arguments` that
// `boxed_data` names. The order of the other entries stays.
[[nodiscard]] Schema with_argument_structs(const Schema& schema);

// The types in an order in which each comes after those it holds by value.
[[nodiscard]] std::vector<const Entry*> in_definition_order(const Schema& schema);

// Whether a member of `owner` of this type needs the heap: the type holds `owner` in turn.
[[nodiscard]] bool needs_box(const Schema& schema, const Entry& owner, const TypeRef& type);

// Whether a member of `owner` is a list of a type that is only declared there.
[[nodiscard]] bool is_list_of_incomplete(const Schema& schema, const Entry& owner,
                                         const TypeRef& type);

// The names of the types that commands take, and of those that commands and events hand out.
[[nodiscard]] std::set<std::string> decoded_types(const Schema& schema);
[[nodiscard]] std::set<std::string> encoded_types(const Schema& schema);

// The command groups, in the order of first use.
[[nodiscard]] std::vector<std::string> groups(const Schema& schema);

}  // namespace siskin::qapi
