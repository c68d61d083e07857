// SPDX-License-Identifier: Apache-2.0
// ManualNode: a disk of 1 MiB whose requests the test carries out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "devices/block/shared_node.h"

namespace siskin {

class ManualNode final : public SharedNode {
public:
    static constexpr std::uint64_t kEnd = 1 << 20;

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] ByteCount capacity() const override { return ByteCount{kEnd}; }
    [[nodiscard]] bool read_only() const override { return false; }
    [[nodiscard]] std::uint32_t block_size() const override { return 512; }
    [[nodiscard]] BlockNodeLimits limits() const override { return {true, 512, 1}; }

    BlockOperation* submitted = nullptr;
    unsigned releases = 0;
    bool available = true;
    BlockEngineListener* listener = nullptr;

private:
    class Engine final : public BlockEngine {
    public:
        explicit Engine(ManualNode& node) : node_(node) {}
        [[nodiscard]] Result<> attach(IoLoop&) override { return {}; }
        void detach(IoLoop&) override {}
        void submit(BlockOperation& operation) override { node_.submitted = &operation; }
        void release_held() override { ++node_.releases; }
        [[nodiscard]] bool is_available() const override { return node_.available; }
        void set_listener(BlockEngineListener* one) override { node_.listener = one; }
        [[nodiscard]] std::string_view name() const override { return "manual"; }

    private:
        ManualNode& node_;
    };
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> make_engine(std::size_t) override {
        return std::unique_ptr<BlockEngine>(std::make_unique<Engine>(*this));
    }
    [[nodiscard]] Result<> change_use(std::optional<ImageUse>) override { return {}; }

    std::string name_ = "manual";
};

}  // namespace siskin
