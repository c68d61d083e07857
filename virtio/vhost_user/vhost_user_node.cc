// SPDX-License-Identifier: Apache-2.0
// VhostUserNode.
#include "virtio/vhost_user/vhost_user_node.h"

#include <utility>

#include "base/text.h"

namespace siskin {
namespace {

// The link does it all, whether an engine is attached or not.
class Engine final : public BlockEngine {
public:
    explicit Engine(std::shared_ptr<VhostUserLink> link) : link_(std::move(link)) {}

    [[nodiscard]] Result<> attach(IoLoop&) override {
        link_->set_listener(listener_);
        return {};
    }
    void detach(IoLoop&) override { link_->set_listener(nullptr); }
    void submit(BlockOperation& operation) override { link_->submit(operation); }
    void release_held() override { link_->hurry(); }
    [[nodiscard]] bool is_available() const override { return link_->is_ready(); }
    void set_listener(BlockEngineListener* listener) override { listener_ = listener; }
    [[nodiscard]] std::string_view name() const override { return "vhost-user"; }

private:
    const std::shared_ptr<VhostUserLink> link_;
    BlockEngineListener* listener_ = nullptr;
};

}  // namespace

VhostUserNode::VhostUserNode(std::string name, const DiskInfo& disk,
                             std::shared_ptr<VhostUserLink> link)
    : name_(std::move(name)),
      link_(std::move(link)),
      capacity_(disk.capacity().value()),
      read_only_(disk.read_only()),
      block_size_(disk.block_size()) {
    limits_.unmap = disk.can_write_zeroes() && disk.config.write_zeroes_may_unmap != 0;
    limits_.request_alignment = disk.block_size();
    limits_.one_engine = true;  // it is one device at the back end, too
}

Result<std::unique_ptr<BlockEngine>> VhostUserNode::create_engine(std::size_t) {
    if (link_ == nullptr) {
        return fail(concat("chardev '", name_, "' has no back end"));
    }
    return std::unique_ptr<BlockEngine>(std::make_unique<Engine>(link_));
}

}  // namespace siskin
