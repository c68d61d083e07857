// SPDX-License-Identifier: Apache-2.0
// BlockIo.
#include "virtio/block/block_io.h"

namespace siskin {

std::unique_ptr<ServedQueue> BlockIo::make_queue(ActiveQueue queue) {
    BlockCounters& counters = counters_[queue.index.value()];
    return std::make_unique<BlockQueue>(std::move(queue), *engine_, shared_, counters, *this);
}

void BlockIo::on_host_error(const BlockError& error) {
    if (error.action == BlockErrorAction::Stop) {
        shared_.stop_error.store(error.error_number);
        hold();
    }
    if (errors_ != nullptr) {
        errors_->on_block_error(error);
    }
}

}  // namespace siskin
