// SPDX-License-Identifier: Apache-2.0
// JSON output.
#include "qmp/value_json.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "qmp/utf8.h"

namespace siskin::qmp {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

void append_unit(std::string& out, std::uint32_t unit) {
    out += "\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) {
        out += kHexDigits[(unit >> (shift - 4)) & 0xfU];
    }
}

void append_escaped(std::string& out, char32_t character) {
    switch (character) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    if (character >= 0x20 && character < 0x7f) {
        out += static_cast<char>(character);
    } else if (character < 0x10000) {
        append_unit(out, character);
    } else {
        // RFC 8259 §7: outside the Basic Multilingual Plane, a surrogate pair.
        const std::uint32_t offset = character - 0x10000U;
        append_unit(out, 0xd800U + (offset >> 10U));
        append_unit(out, 0xdc00U + (offset & 0x3ffU));
    }
}

}  // namespace

void JsonWriter::separate() {
    if (needs_comma_) {
        out_ += ", ";
    }
    needs_comma_ = true;
}

void JsonWriter::begin_object() {
    separate();
    out_ += '{';
    needs_comma_ = false;
}
void JsonWriter::end_object() {
    out_ += '}';
    needs_comma_ = true;
}
void JsonWriter::begin_list() {
    separate();
    out_ += '[';
    needs_comma_ = false;
}
void JsonWriter::end_list() {
    out_ += ']';
    needs_comma_ = true;
}

void JsonWriter::key(std::string_view name) {
    string(name);
    out_ += ": ";
    needs_comma_ = false;
}

void JsonWriter::null() {
    text("null");
}
void JsonWriter::boolean(bool value) {
    text(value ? "true" : "false");
}
void JsonWriter::integer(std::int64_t value) {
    text(std::to_string(value));
}
void JsonWriter::unsigned_integer(std::uint64_t value) {
    text(std::to_string(value));
}

void JsonWriter::number(double value) {
    if (!std::isfinite(value)) {
        null();  // RFC 8259 §6 has no other word for it
        return;
    }
    // 17 significant digits bring every double back to itself.
    std::array<char, 40> digits{};
    const int length = std::snprintf(digits.data(), digits.size(), "%.17g", value);
    text({digits.data(), static_cast<std::size_t>(length)});
}

void JsonWriter::string(std::string_view value) {
    separate();
    out_ += '"';
    while (!value.empty()) {
        const Utf8Character next = take_utf8(value);
        append_escaped(out_, next.valid ? next.character : kReplacementCharacter);
        value.remove_prefix(next.length);
    }
    out_ += '"';
}

void JsonWriter::text(std::string_view json) {
    separate();
    out_ += json;
}

void write_json(JsonWriter& out, const Value& value) {
    if (const auto* const boolean = value.as_bool()) {
        out.boolean(*boolean);
    } else if (const auto* const integer = value.as_int()) {
        out.integer(*integer);
    } else if (const auto* const unsigned_integer = value.as_uint()) {
        out.unsigned_integer(*unsigned_integer);
    } else if (const auto* const number = value.as_double()) {
        out.number(*number);
    } else if (const auto* const string = value.as_string()) {
        out.string(*string);
    } else if (const auto* const list = value.as_list()) {
        out.begin_list();
        for (const Value& element : *list) {
            write_json(out, element);
        }
        out.end_list();
    } else if (const auto* const dict = value.as_dict()) {
        out.begin_object();
        for (const auto& [name, member] : *dict) {
            out.key(name);
            write_json(out, member);
        }
        out.end_object();
    } else {
        out.null();
    }
}

std::string to_json(const Value& value) {
    JsonWriter out;
    write_json(out, value);
    return out.take();
}

}  // namespace siskin::qmp
