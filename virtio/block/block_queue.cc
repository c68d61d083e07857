// SPDX-License-Identifier: Apache-2.0
// BlockQueue.
#include "virtio/block/block_queue.h"

#include <span>
#include <utility>

#include "virtio/queue/gather_buffers.h"

namespace siskin {

namespace spec = virtio_spec;

// One request in flight.
class BlockQueue::Slot final : public BlockOperation, public RequestSlot<BlockQueue::Slot> {
public:
    void complete(int error_number) override { queue->on_complete(*this, error_number); }

    BlockQueue* queue = nullptr;
    std::uint64_t begun_ns = 0;
    std::uint64_t end = 0;   // where its range ends, in bytes
    std::uint64_t size = 0;  // bytes that count
    BlockAccount account = BlockAccount::Flush;
    ChainHead head;
    GuestSpan status;
    std::uint64_t status_offset = 0;
    std::uint64_t read_size = 0;  // bytes the disk writes into the chain
};

BlockQueue::BlockQueue(ActiveQueue queue, BlockEngine& engine, const BlockShared& shared,
                       BlockCounters& counters, BlockQueueOwner& owner)
    : worker_(std::move(queue), *this),
      engine_(engine),
      shared_(shared),
      counters_(counters),
      owner_(owner),
      slots_(worker_.queue_size(), worker_.chain_length_max()) {
    for (Slot& slot : slots_.all()) {
        slot.queue = this;
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
            count_invalid(request);
            answer(request.status, spec::kBlockStatusIoError, request.status_offset, 0,
                   chain.head());
            break;
        case BlockRequest::Kind::Unsupported:
            count_invalid(request);
            answer(request.status, spec::kBlockStatusUnsupported, request.status_offset, 0,
                   chain.head());
            break;
        case BlockRequest::Kind::Nothing:
            answer(request.status, spec::kBlockStatusOk, request.status_offset, 0, chain.head());
            break;
        case BlockRequest::Kind::GetId: answer_id(request, chain.head()); break;
        case BlockRequest::Kind::Read:
        case BlockRequest::Kind::Write:
        case BlockRequest::Kind::Discard:
        case BlockRequest::Kind::WriteZeroes:
        case BlockRequest::Kind::Flush: start(request, chain.head()); break;
    }
}

void BlockQueue::start(BlockRequest& request, ChainHead head) {
    Slot& slot = slots_.take();
    slot.head = head;
    slot.status = request.status;
    slot.status_offset = request.status_offset;
    const bool is_read = request.kind == BlockRequest::Kind::Read;
    const bool is_flush = request.kind == BlockRequest::Kind::Flush;
    slot.read_size = is_read ? request.size : 0;
    slot.account = request.account.value_or(BlockAccount::Flush);
    slot.size = is_flush ? 0 : request.size;
    slot.end = is_flush ? 0 : request.offset + request.size;
    slot.begun_ns = worker_.now_ns();
    prepare(request, slot);
    engine_.submit(slot);
}

void BlockQueue::prepare(BlockRequest& request, Slot& slot) const {
    const bool durable = !shared_.writeback.load();
    switch (request.kind) {
        case BlockRequest::Kind::Discard: slot.prepare_discard(request.offset, request.size); break;
        case BlockRequest::Kind::WriteZeroes:
            slot.prepare_write_zeroes(request.offset, request.size,
                                      request.may_unmap && shared_.may_unmap, durable);
            break;
        case BlockRequest::Kind::Read:
            slot.prepare_read(
                request.offset,
                std::span(slot.iovecs, gather_buffers(request.data, request.size, slot.iovecs)));
            break;
        case BlockRequest::Kind::Write:
            slot.prepare_write(
                request.offset,
                std::span(slot.iovecs, gather_buffers(request.data, request.size, slot.iovecs)),
                durable);
            break;
        default: slot.prepare_flush();
    }
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

void BlockQueue::count_invalid(const BlockRequest& request) {
    if (request.account) {
        counters_.count_invalid(*request.account, shared_.account_invalid, worker_.now_ns());
    }
}

void BlockQueue::on_complete(Slot& slot, int error_number) {
    if (error_number == 0) {
        finish(slot, true);
        return;
    }
    if (error_number == BlockEngine::kLost) {
        owner_.on_handed_back();
        keep(slot);
        return;
    }
    const bool is_read = slot.account == BlockAccount::Read;
    const BlockErrorAction action = error_action(
        is_read ? shared_.on_read_error : shared_.on_write_error, is_read, error_number);
    // First, so that no new chain is taken once this one is kept.
    owner_.on_host_error(BlockError{is_read, action, error_number});
    if (action == BlockErrorAction::Stop) {
        keep(slot);
    } else {
        finish(slot, action == BlockErrorAction::Ignore);
    }
}

void BlockQueue::keep(Slot& slot) {
    slots_.keep(slot);
    if (slots_.in_flight() == 0) {
        owner_.on_queue_idle();
    }
}

void BlockQueue::retry_kept() {
    slots_.retry_kept([this](Slot& slot) {
        // The disk may have shrunk meanwhile.
        if (slot.end > shared_.limits.capacity.value()) {
            finish(slot, false);
        } else {
            slot.prepare_again();
            engine_.submit(slot);
        }
    });
}

void BlockQueue::finish(Slot& slot, bool ok) {
    const std::uint64_t now = worker_.now_ns();
    if (ok) {
        counters_.count_done(slot.account, slot.size, slot.begun_ns, now);
        if (slot.account == BlockAccount::Write) {
            counters_.note_write_end(slot.end);
        }
    } else {
        counters_.count_failed(slot.account, shared_.account_failed, slot.begun_ns, now);
    }
    answer(slot.status, ok ? spec::kBlockStatusOk : spec::kBlockStatusIoError, slot.status_offset,
           ok ? slot.read_size : 0, slot.head);
    slots_.give_back(slot);
    if (slots_.in_flight() == 0) {
        owner_.on_queue_idle();
    }
}

}  // namespace siskin
