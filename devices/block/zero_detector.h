// SPDX-License-Identifier: Apache-2.0
// ZeroDetector: an engine that makes writes of nothing but zeroes into write zeroes.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <sys/uio.h>

#include "devices/block/block_node.h"

namespace siskin {

// Whether all bytes are zero; it ends at the first that is not.
[[nodiscard]] bool are_zeroes(std::span<const iovec> buffers);

// So the host need not store them. Thread: the loop's.
class ZeroDetector final : public BlockEngine {
public:
    // `may_unmap`: the host may get the room back.
    ZeroDetector(std::unique_ptr<BlockEngine> inner, bool may_unmap)
        : inner_(std::move(inner)), may_unmap_(may_unmap) {}

    [[nodiscard]] Result<> attach(IoLoop& loop) override { return inner_->attach(loop); }
    void detach(IoLoop& loop) override { inner_->detach(loop); }
    void submit(BlockOperation& operation) override;
    void release_held() override { inner_->release_held(); }
    [[nodiscard]] bool is_available() const override { return inner_->is_available(); }
    void set_listener(BlockEngineListener* listener) override { inner_->set_listener(listener); }
    [[nodiscard]] std::string_view name() const override { return inner_->name(); }

private:
    std::unique_ptr<BlockEngine> inner_;
    bool may_unmap_;
};

}  // namespace siskin
