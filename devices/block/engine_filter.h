// SPDX-License-Identifier: Apache-2.0
// EngineFilter: an engine over another one; all that it does not change is the other's.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "devices/block/block_node.h"

namespace siskin {

// Thread: as BlockEngine.
class EngineFilter : public BlockEngine {
public:
    explicit EngineFilter(std::unique_ptr<BlockEngine> inner) : inner_(std::move(inner)) {}

    [[nodiscard]] Result<> attach(IoLoop& loop) override { return inner_->attach(loop); }
    void detach(IoLoop& loop) override { inner_->detach(loop); }
    void release_held() override { inner_->release_held(); }
    void hand_back_held() override { inner_->hand_back_held(); }
    [[nodiscard]] bool is_available() const override { return inner_->is_available(); }
    void set_listener(BlockEngineListener* listener) override { inner_->set_listener(listener); }
    void lend_memory(const std::shared_ptr<const GuestMemory>& memory) override {
        inner_->lend_memory(memory);
    }
    [[nodiscard]] std::string_view name() const override { return inner_->name(); }

protected:
    [[nodiscard]] BlockEngine& inner() const { return *inner_; }

private:
    std::unique_ptr<BlockEngine> inner_;
};

}  // namespace siskin
