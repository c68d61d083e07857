// SPDX-License-Identifier: Apache-2.0
// VhostUserNode: a back end's disk as a block node, and its engine.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "devices/block/block_node.h"
#include "virtio/vhost_user/disk_info.h"
#include "virtio/vhost_user/link.h"

namespace siskin {

// Thread: as BlockNode.
class VhostUserNode final : public BlockNode {
public:
    // `link` may be null, for a plan: then there is no engine. `disk` was checked.
    VhostUserNode(std::string name, const DiskInfo& disk, std::shared_ptr<VhostUserLink> link);

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] ByteCount capacity() const override { return ByteCount{capacity_.load()}; }
    [[nodiscard]] bool read_only() const override { return read_only_; }
    [[nodiscard]] std::uint32_t block_size() const override { return block_size_; }
    [[nodiscard]] BlockNodeLimits limits() const override { return limits_; }
    // The chardev is what is claimed.
    [[nodiscard]] Result<> claim(ImageUse) override { return {}; }
    void release() override {}
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> create_engine(std::size_t) override;

    void set_capacity(ByteCount capacity) { capacity_.store(capacity.value()); }

private:
    const std::string name_;
    const std::shared_ptr<VhostUserLink> link_;
    std::atomic<std::uint64_t> capacity_;
    const bool read_only_;
    const std::uint32_t block_size_;
    BlockNodeLimits limits_;
};

}  // namespace siskin
