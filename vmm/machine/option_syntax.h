// SPDX-License-Identifier: Apache-2.0
// QEMU's grammar of an option's argument: key=value lists, JSON objects, property tables.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/object/property.h"
#include "base/result.h"
#include "base/value.h"

namespace siskin {

// "a=1,b=x,,y,flag,nowait" as a dict of strings. ",," is a comma inside a value; the first item may
// omit its key where `implied_key` is not empty; a key alone is "on", and "noX" alone is X "off".
// The last of two equal keys wins. Errors: an empty key, a key with characters it cannot have.
[[nodiscard]] Result<Value::Dict> parse_key_values(std::string_view text,
                                                   std::string_view implied_key);

// As parse_key_values(), but the values of a key of `repeated` that is there more than once are a
// list.
[[nodiscard]] Result<Value::Dict> parse_repeated_key_values(
    std::string_view text, std::string_view implied_key,
    std::span<const std::string_view> repeated);

// As the last one, for what -object and object_add take: `host-nodes` may be repeated.
[[nodiscard]] Result<Value::Dict> parse_object_key_values(std::string_view text,
                                                          std::string_view implied_key);

// As parse_key_values(), with dotted keys making dicts in dicts: "file.driver=file" (-blockdev).
[[nodiscard]] Result<Value::Dict> parse_dotted_key_values(std::string_view text,
                                                          std::string_view implied_key);

// A JSON object where the text begins with '{', else by `key_values`.
[[nodiscard]] Result<Value::Dict> parse_json_or(
    std::string_view text, std::string_view implied_key,
    Result<Value::Dict> (*key_values)(std::string_view, std::string_view));

// Sets every member in a config struct by its table. Errors: "Invalid parameter 'x', allowed are
// ..." and "Parameter 'x' doesn't take value 'v', allowed is ...".
[[nodiscard]] Result<> apply_options(std::span<const PropertyRow> rows, void* config,
                                     const Value::Dict& members);

// Whether the argument asks for help: "help" or "?" as an item.
[[nodiscard]] bool asks_for_help(const Value::Dict& members);

}  // namespace siskin
