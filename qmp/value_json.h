// SPDX-License-Identifier: Apache-2.0
// Writes JSON as QMP sends it: one line, pure ASCII, one space after each comma and colon.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/value.h"

namespace siskin::qmp {

// Builds one JSON text from its parts. The caller pairs begin and end and puts a key before each
// member's value. Thread: its owner's.
class JsonWriter {
public:
    void begin_object();
    void end_object();
    void begin_list();
    void end_list();
    void key(std::string_view name);

    void null();
    void boolean(bool value);
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    void number(double value);
    void string(std::string_view value);
    // JSON text made elsewhere.
    void text(std::string_view json);

    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void separate();

    std::string out_;
    bool needs_comma_ = false;
};

// Recursive, so bounded by the depth of `value`: kNestingMax (qmp/framer.h) for a client's.
void write_json(JsonWriter& out, const Value& value);
[[nodiscard]] std::string to_json(const Value& value);

}  // namespace siskin::qmp
