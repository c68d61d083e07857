// SPDX-License-Identifier: Apache-2.0
// RawFilter: a block node that shows another node's bytes, or a part of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "devices/block/shared_node.h"

namespace siskin {

struct RawFilterOptions {
    std::string node_name;
    bool read_only = false;
    bool unmap = false;  // whether discards reach the node below
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> size;  // nothing: up to the end
};

// Where nothing is changed on the way, devices get the lower node's own engine. Thread: VM loop.
class RawFilter : public SharedNode {
public:
    // `child` outlives the node. Errors: the part is not inside the child, its ends do not fit the
    // child's requests.
    [[nodiscard]] static Result<std::unique_ptr<RawFilter>> create(RawFilterOptions options,
                                                                   SharedNode& child);

    [[nodiscard]] const std::string& name() const override { return options_.node_name; }
    [[nodiscard]] ByteCount capacity() const override;
    [[nodiscard]] bool read_only() const override {
        return options_.read_only || child_.read_only();
    }
    [[nodiscard]] std::uint32_t block_size() const override { return child_.block_size(); }
    [[nodiscard]] BlockNodeLimits limits() const override;
    // Resizes the lower node, which nobody else may use then. A size that was asked for is fixed.
    [[nodiscard]] Result<> resize(ByteCount size) override;

protected:
    // The part is inside the child.
    RawFilter(RawFilterOptions options, SharedNode& child)
        : options_(std::move(options)), child_(child) {}
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> make_engine(
        std::size_t operations_max) override;

private:
    [[nodiscard]] Result<> change_use(std::optional<ImageUse> use) override;

    RawFilterOptions options_;
    SharedNode& child_;
};

}  // namespace siskin
