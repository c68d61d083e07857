// SPDX-License-Identifier: Apache-2.0
// Lists of small numbers.
#include "base/object/number_list.h"

#include <set>
#include <string>
#include <string_view>

#include "base/object/codec.h"
#include "base/text.h"

namespace siskin {
namespace {

bool add_range(const Value& value, std::uint64_t last, std::set<std::uint64_t>& numbers) {
    std::optional<std::uint64_t> from = codec_detail::number_of(value);
    std::optional<std::uint64_t> to = from;
    const std::string* const text = value.as_string();
    const std::size_t dash = text == nullptr ? std::string::npos : text->find('-');
    if (dash != std::string::npos) {
        from = parse_number(std::string_view(*text).substr(0, dash));
        to = parse_number(std::string_view(*text).substr(dash + 1));
    }
    if (!from || !to || *from > *to || *to > last) {
        return false;
    }
    for (std::uint64_t number = *from; number <= *to; ++number) {
        numbers.insert(number);
    }
    return true;
}

}  // namespace

std::optional<std::vector<std::uint64_t>> parse_number_list(const Value& value,
                                                            std::uint64_t last) {
    std::set<std::uint64_t> numbers;
    if (const Value::List* const list = value.as_list()) {
        for (const Value& element : *list) {
            if (!add_range(element, last, numbers)) {
                return std::nullopt;
            }
        }
    } else if (!add_range(value, last, numbers)) {
        return std::nullopt;
    }
    return std::vector<std::uint64_t>(numbers.begin(), numbers.end());
}

}  // namespace siskin
