// SPDX-License-Identifier: Apache-2.0
// Has the host give memory now: a shortage is an error here and not a signal later.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace siskin {

// How the kernel is asked; the second way is for those before Linux 5.14.
enum class PopulateWay { Advice, Pipe };

// Every page of the range, writable, is there afterwards with its contents unchanged; nobody else
// may write to it meanwhile. `size` is a multiple of `page_size`. Waits for `threads` threads, at
// least one. Errors: the host has not enough memory, huge pages or room in the file system; no
// thread can be made.
[[nodiscard]] Result<> populate(std::byte* data, std::size_t size, std::size_t page_size,
                                std::uint32_t threads, PopulateWay way = PopulateWay::Advice);

}  // namespace siskin
