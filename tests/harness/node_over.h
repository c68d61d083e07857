// SPDX-License-Identifier: Apache-2.0
// NodeOver: base of block nodes that differ from the node below in their engines only.
#pragma once

#include <cstdint>
#include <string>

#include "devices/block/block_node.h"

namespace siskin::test {

class NodeOver : public BlockNode {
public:
    explicit NodeOver(BlockNode& child) : child_(child) {}

    const std::string& name() const override { return child_.name(); }
    ByteCount capacity() const override { return child_.capacity(); }
    bool read_only() const override { return child_.read_only(); }
    std::uint32_t block_size() const override { return child_.block_size(); }
    BlockNodeLimits limits() const override { return child_.limits(); }
    Result<> claim(ImageUse use) override { return child_.claim(use); }
    void release() override { child_.release(); }

protected:
    BlockNode& child() { return child_; }

private:
    BlockNode& child_;
};

}  // namespace siskin::test
