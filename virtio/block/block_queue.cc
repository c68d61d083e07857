// SPDX-License-Identifier: Apache-2.0
// BlockQueue.
#include "virtio/block/block_queue.h"

#include <span>
#include <utility>

namespace siskin {

namespace spec = virtio_spec;

// One request in flight.
class BlockQueue::Slot final : public BlockOperation {
public:
    void complete(int error_number) override {
        failed = error_number != 0;
        queue->on_complete(*this);
    }

    BlockQueue* queue = nullptr;
    Slot* next_free = nullptr;
    iovec* buffers = nullptr;
    ChainHead head;
    GuestSpan status;
    std::uint64_t status_offset = 0;
    std::uint64_t read_size = 0;  // bytes the disk writes into the chain
    bool failed = false;
};

BlockQueue::BlockQueue(ActiveQueue queue, BlockEngine& engine, const BlockShared& shared,
                       BlockQueueOwner& owner)
    : worker_(std::move(queue), *this), engine_(engine), shared_(shared), owner_(owner) {
    const std::size_t slot_count = worker_.queue_size();
    const std::size_t buffers_a_slot = worker_.chain_length_max();
    buffers_ = std::make_unique_for_overwrite<iovec[]>(slot_count * buffers_a_slot);
    slots_ = std::make_unique<Slot[]>(slot_count);
    for (std::size_t index = slot_count; index-- > 0;) {
        Slot& slot = slots_[index];
        slot.queue = this;
        slot.buffers = &buffers_[index * buffers_a_slot];
        slot.next_free = std::exchange(free_, &slot);
    }
}

BlockQueue::~BlockQueue() = default;

void BlockQueue::on_chain(const DescriptorChain& chain) {
    BlockRequest request = parse_block_request(chain, shared_.limits);
    switch (request.kind) {
        case BlockRequest::Kind::Malformed:
            worker_.complete(chain.head(), 0);
            owner_.on_guest_error("block request without a status byte");
            break;
        case BlockRequest::Kind::Refused:
            answer(request.status, spec::kBlockStatusIoError, request.status_offset, 0,
                   chain.head());
            break;
        case BlockRequest::Kind::Unsupported:
            answer(request.status, spec::kBlockStatusUnsupported, request.status_offset, 0,
                   chain.head());
            break;
        case BlockRequest::Kind::GetId: answer_id(request, chain.head()); break;
        case BlockRequest::Kind::Read:
        case BlockRequest::Kind::Write:
        case BlockRequest::Kind::Flush: start(request, chain.head()); break;
    }
}

void BlockQueue::start(BlockRequest& request, ChainHead head) {
    Slot& slot = *free_;
    free_ = slot.next_free;
    ++in_flight_;
    slot.head = head;
    slot.status = request.status;
    slot.status_offset = request.status_offset;
    slot.read_size = request.kind == BlockRequest::Kind::Read ? request.size : 0;
    if (request.kind == BlockRequest::Kind::Flush) {
        slot.prepare_flush();
    } else {
        const std::span<iovec> buffers(slot.buffers, gather(request, slot));
        if (request.kind == BlockRequest::Kind::Read) {
            slot.prepare_read(request.offset, buffers);
        } else {
            slot.prepare_write(request.offset, buffers, !shared_.writeback.load());
        }
    }
    engine_.submit(slot);
}

// Neighbours in guest memory become one buffer.
std::size_t BlockQueue::gather(BlockRequest& request, Slot& slot) const {
    std::size_t count = 0;
    std::uint64_t left = request.size;
    while (left != 0) {
        const GuestSpan run = request.data.next(left);
        left -= run.size();
        if (count != 0) {
            iovec& last = slot.buffers[count - 1];
            if (static_cast<std::byte*>(last.iov_base) + last.iov_len == run.data()) {
                last.iov_len += run.size();
                continue;
            }
        }
        slot.buffers[count++] = iovec{run.data(), run.size()};
    }
    return count;
}

void BlockQueue::answer_id(BlockRequest& request, ChainHead head) {
    // §5.2.6.1 gives 20 bytes; a shorter buffer has the beginning, a longer one keeps its rest.
    std::span<const char> left(shared_.serial);
    if (left.size() > request.size) {
        left = left.first(request.size);
    }
    const std::uint64_t written = left.size();
    while (!left.empty()) {
        const GuestSpan run = request.data.next(left.size());
        std::memcpy(run.data(), left.data(), run.size());
        left = left.subspan(run.size());
    }
    answer(request.status, spec::kBlockStatusOk, request.status_offset, written, head);
}

void BlockQueue::answer(GuestSpan status, std::uint8_t value, std::uint64_t status_offset,
                        std::uint64_t data_written, ChainHead head) {
    status.write(value);
    // §2.7.8.2: the length counts what was written from the start without a gap, so the status
    // byte only where all before it was written.
    const std::uint64_t written = data_written == status_offset ? status_offset + 1 : data_written;
    // A chain may be longer than the field can tell; it is a lower bound.
    worker_.complete(head, static_cast<std::uint32_t>(
                               written < 0xffffffff ? written : std::uint64_t{0xffffffff}));
}

void BlockQueue::on_complete(Slot& slot) {
    const bool ok = !slot.failed;
    answer(slot.status, ok ? spec::kBlockStatusOk : spec::kBlockStatusIoError, slot.status_offset,
           ok ? slot.read_size : 0, slot.head);
    slot.next_free = std::exchange(free_, &slot);
    --in_flight_;
    if (in_flight_ == 0) {
        owner_.on_queue_idle();
    }
}

}  // namespace siskin
