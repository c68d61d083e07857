// SPDX-License-Identifier: Apache-2.0
// Names of BlockOnError.
#include "devices/block/block_on_error.h"

#include <algorithm>
#include <array>

namespace siskin {
namespace {

struct Name {
    BlockOnError policy;
    std::string_view text;
};
constexpr std::array kNames{
    Name{BlockOnError::Auto, "auto"},     Name{BlockOnError::Report, "report"},
    Name{BlockOnError::Ignore, "ignore"}, Name{BlockOnError::Enospc, "enospc"},
    Name{BlockOnError::Stop, "stop"},
};

}  // namespace

std::string_view on_error_name(BlockOnError policy) {
    return std::find_if(kNames.begin(), kNames.end(),
                        [&](const Name& name) { return name.policy == policy; })
        ->text;
}

std::optional<BlockOnError> parse_on_error(std::string_view name) {
    const auto* const found = std::find_if(kNames.begin(), kNames.end(),
                                           [&](const Name& row) { return row.text == name; });
    return found == kNames.end() ? std::nullopt : std::optional(found->policy);
}

}  // namespace siskin
