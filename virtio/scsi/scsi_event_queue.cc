// SPDX-License-Identifier: Apache-2.0
// ScsiEventQueue.
#include "virtio/scsi/scsi_event_queue.h"

#include "virtio/queue/chain_writer.h"

namespace siskin {

namespace spec = virtio_spec;

void ScsiEventQueue::add(const spec::ScsiEvent& event) {
    if (count_ == kWaitingMax) {
        missed_ = true;
        return;
    }
    waiting_[(first_ + count_) % kWaitingMax] = event;
    ++count_;
}

void ScsiEventQueue::on_chain(const DescriptorChain& chain) {
    if (total_size(chain.writable()) < sizeof(spec::ScsiEvent)) {
        worker_.complete(chain.head(), 0);
        owner_.on_guest_error("SCSI event buffer that is too short");
        return;
    }
    spec::ScsiEvent event = waiting_[first_];
    first_ = (first_ + 1) % kWaitingMax;
    --count_;
    if (std::exchange(missed_, false)) {
        event.event = event.event | spec::kScsiEventsMissed;
    }
    ChainWriter writer(chain);
    worker_.complete(chain.head(), static_cast<std::uint32_t>(writer.write(event)));
}

}  // namespace siskin
