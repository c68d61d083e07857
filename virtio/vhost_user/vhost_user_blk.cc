// SPDX-License-Identifier: Apache-2.0
// VhostUserBlk.
#include "virtio/vhost_user/vhost_user_blk.h"

#include <utility>

#include "virtio/block/spec.h"

namespace siskin {

Result<std::unique_ptr<VhostUserBlk>> VhostUserBlk::create(
    std::unique_ptr<VhostUserBackEnd> back_end, IoThread& io_thread, MachineLock& lock,
    const BlockDeviceOptions& options) {
    auto block =
        SISKIN_TRY(BlockDevice::create(back_end->node(), BlockThreads{{&io_thread}, {}}, options));
    back_end->set_on_resized([&lock, &device = *block] {
        const MutexLock hold(lock);
        device.follow_size();
    });
    return std::unique_ptr<VhostUserBlk>(new VhostUserBlk(std::move(back_end), std::move(block)));
}

VhostUserBlk::~VhostUserBlk() {
    back_end_->set_on_resized(nullptr);
    block_.reset();
}

FeatureSet VhostUserBlk::offered_features() const {
    FeatureSet offered = block_->offered_features();
    if (!back_end_->disk().can_flush()) {
        offered.remove(virtio_spec::kBlockFeatureFlush);
    }
    return offered;
}

}  // namespace siskin
