// SPDX-License-Identifier: Apache-2.0
// Fuzzes qmp/parser: simdjson's way and JsonReader's agree, and what is written is read again.
#include "qmp/parser.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "qmp/json_reader.h"
#include "qmp/value_json.h"

namespace {

using siskin::qmp::JsonReader;
using siskin::qmp::parse_json;
using siskin::qmp::to_json;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const auto value = parse_json(text);
    const auto other = JsonReader(text).read();
    SISKIN_ASSERT(value.has_value() == other.has_value());
    if (!value) {
        SISKIN_ASSERT(value.error().message == other.error().message);
        return 0;
    }
    const std::string written = to_json(*value);
    SISKIN_ASSERT(written == to_json(*other));
    SISKIN_ASSERT(written.find_first_of("\r\n") == std::string::npos);
    const auto again = parse_json(written);
    SISKIN_ASSERT(again.has_value());
    // -0.0 is written as -0, as QEMU does, and that is the whole number 0: from then on it stays.
    const std::string rewritten = to_json(*again);
    const auto once_more = parse_json(rewritten);
    SISKIN_ASSERT(once_more.has_value());
    SISKIN_ASSERT(to_json(*once_more) == rewritten);
    return 0;
}
