// SPDX-License-Identifier: Apache-2.0
// ThrottleFilter.
#include "devices/block/throttle_filter.h"

#include <optional>
#include <utility>

#include "devices/block/throttled_engine.h"

namespace siskin {

ThrottleFilter::ThrottleFilter(ThrottleFilterOptions options, std::shared_ptr<ThrottleGroup> group,
                               SharedNode& child)
    : RawFilter(RawFilterOptions{std::move(options.node_name), options.read_only, options.unmap, 0,
                                 std::nullopt},
                child),
      use_(std::move(group)) {}

Result<std::unique_ptr<BlockEngine>> ThrottleFilter::make_engine(std::size_t operations_max) {
    auto inner = SISKIN_TRY(RawFilter::make_engine(operations_max));
    auto engine = SISKIN_TRY(ThrottledEngine::create(std::move(inner)));
    engine->set_group(use_.group());
    return std::unique_ptr<BlockEngine>(std::move(engine));
}

}  // namespace siskin
