// SPDX-License-Identifier: Apache-2.0
// Puts memory on NUMA nodes of the host.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "devices/memory/memory_config.h"

namespace siskin {

// Before the memory is touched. Nothing is done for the default policy. Error: the host has none of
// the nodes, or no NUMA.
[[nodiscard]] Result<> bind_to_nodes(std::byte* data, std::size_t size, HostMemPolicy policy,
                                     const HostNodes& nodes);

}  // namespace siskin
