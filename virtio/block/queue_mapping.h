// SPDX-License-Identifier: Apache-2.0
// The property iothread-vq-mapping: which I/O thread serves which queues of a disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/object/codec.h"
#include "base/result.h"

namespace siskin {

// One thread and its queues; without them the queues are dealt out in turn.
struct QueueMapping {
    std::string iothread;
    std::optional<std::vector<std::uint16_t>> queues;
};
using QueueMappings = std::vector<QueueMapping>;

// As many as a disk may have queues.
inline constexpr std::size_t kQueueMappingsMax = 64;

// [{"iothread": "io0", "vqs": [0, 1]}, ...]: JSON alone has a word for it.
template <>
struct Codec<QueueMappings> {
    static constexpr std::string_view type_name = "IOThreadVirtQueueMappingList";
    static std::optional<QueueMappings> parse(const Value& value, const NumberRange& range);
    static Value print(const QueueMappings& mappings);
    static std::string allowed(const NumberRange& range);
};

// For each of `queue_count` queues the mapping that serves it. Errors: a thread is named twice, a
// queue has two threads or none, or is none of the disk's; some mappings name queues, others not;
// there are more threads than queues.
[[nodiscard]] Result<std::vector<std::size_t>> map_queues(const QueueMappings& mappings,
                                                          std::size_t queue_count);

}  // namespace siskin
