// SPDX-License-Identifier: Apache-2.0
// NullNode: a disk that keeps nothing, for measurements of what is above it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "devices/block/shared_node.h"

namespace siskin {

struct NullNodeOptions {
    static constexpr std::uint64_t kSizeDefault = std::uint64_t{1} << 30U;
    static constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 62U;
    static constexpr std::chrono::nanoseconds kLatencyMax = std::chrono::minutes(1);

    std::string node_name;
    std::uint64_t size = kSizeDefault;  // rounded up to 512
    std::chrono::nanoseconds latency{0};
    bool read_zeroes = false;  // off: reads leave the guest's memory as it is
    bool read_only = false;
};

// Thread: VM loop.
class NullNode final : public SharedNode {
public:
    // Errors: size or latency is beyond its bound, or nothing.
    [[nodiscard]] static Result<std::unique_ptr<NullNode>> create(NullNodeOptions options);

    [[nodiscard]] const std::string& name() const override { return options_.node_name; }
    [[nodiscard]] ByteCount capacity() const override { return ByteCount{options_.size}; }
    [[nodiscard]] bool read_only() const override { return options_.read_only; }
    [[nodiscard]] std::uint32_t block_size() const override { return 512; }

private:
    explicit NullNode(NullNodeOptions options) : options_(std::move(options)) {}
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> make_engine(
        std::size_t operations_max) override;
    [[nodiscard]] Result<> change_use(std::optional<ImageUse>) override { return {}; }

    NullNodeOptions options_;
};

}  // namespace siskin
