// SPDX-License-Identifier: Apache-2.0
// Work that several threads share for once, while the caller waits.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"

namespace siskin {

inline constexpr std::size_t kParallelMax = 256;

// Calls work(0) to work(count - 1), each on a thread of its own, the first on the caller's; returns
// when all are done. `count` is 1 to kParallelMax. Error: no thread is left; what had begun is
// done.
[[nodiscard]] Result<> run_in_parallel(std::size_t count,
                                       const std::function<void(std::size_t index)>& work);

}  // namespace siskin
