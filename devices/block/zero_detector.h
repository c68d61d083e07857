// SPDX-License-Identifier: Apache-2.0
// ZeroDetector: an engine that makes writes of nothing but zeroes into write zeroes.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include <sys/uio.h>

#include "devices/block/engine_filter.h"

namespace siskin {

// Whether all bytes are zero; it ends at the first that is not.
[[nodiscard]] bool are_zeroes(std::span<const iovec> buffers);

// So the host need not store them. Thread: the loop's.
class ZeroDetector final : public EngineFilter {
public:
    // `may_unmap`: the host may get the room back.
    ZeroDetector(std::unique_ptr<BlockEngine> inner, bool may_unmap)
        : EngineFilter(std::move(inner)), may_unmap_(may_unmap) {}

    void submit(BlockOperation& operation) override;

private:
    bool may_unmap_;
};

}  // namespace siskin
