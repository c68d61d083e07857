// SPDX-License-Identifier: Apache-2.0
// NbdEngine.
#include "devices/block/nbd_engine.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>
#include <vector>

#include "base/text.h"
#include "devices/block/bounce_buffers.h"
#include "devices/block/nbd_link.h"

namespace siskin {
namespace {

using Clock = std::chrono::steady_clock;

// Of trim and zero: what the protocol's 32 bits hold, in whole blocks.
constexpr std::uint64_t kRangeMax = std::uint64_t{1} << 30U;

class Engine final : public BlockEngine, private IoSource, private IoTurnEnd {
public:
    Engine(NbdEngineOptions options, NbdLink link, std::atomic<int>& flush_error,
           BounceBuffers bounce, std::size_t operations_max);

    void begin();
    [[nodiscard]] Result<> attach(IoLoop& loop) override;
    void detach(IoLoop& loop) override;
    void submit(BlockOperation& operation) override;
    void release_held() override;
    [[nodiscard]] std::string_view name() const override { return "nbd"; }

private:
    // One request on its way.
    class Slot final : public NbdDone {
    public:
        void on_done(int error_number) override { engine->on_sent_done(*this, error_number); }

        Engine* engine = nullptr;
        BlockOperation* operation = nullptr;
        bool is_sent = false;  // and not told yet
        std::uint64_t size = 0;
        std::uint64_t range_done = 0;  // of trim and zero, which may take several requests
    };

    void on_ready() override;
    void on_turn_end() override;
    void want_turn_end() {
        if (loop_ != nullptr) {
            loop_->want_turn_end(*this);
        }
    }
    void send_waiting();
    void send(BlockOperation& operation, Slot& slot);
    void send_transfer(BlockOperation& operation, Slot& slot);
    void send_range(BlockOperation& operation, Slot& slot);
    void on_sent_done(Slot& slot, int error_number);
    void settle_done();
    void finish(BlockOperation& operation, std::int64_t result);
    void remember_failure(const BlockOperation& operation, int error_number);
    void look_after_link();
    void on_lost();
    void fail_waiting();
    void take_from_bounce();
    [[nodiscard]] bool has_requests() const {
        return !waiting_.empty() || free_.size() != slots_.size();
    }
    // The server is given up, and all that is asked of it is handed back.
    void hand_back_all();

    NbdEngineOptions options_;
    IoLoop* loop_ = nullptr;  // while attached
    NbdLink link_;
    std::atomic<int>& flush_error_;
    BounceBuffers bounce_;
    std::vector<Slot> slots_;
    std::vector<Slot*> free_;
    BlockOperationList waiting_;
    BlockOperationList done_;         // with their results; to be told outside of libnbd
    Clock::time_point wait_until_{};  // for requests, once the connection is lost
    bool is_awaited_ = false;         // somebody waits for all requests
    bool is_handing_back_ = false;
    bool was_handed_back_ = false;  // until a request comes again
    Clock::time_point patient_until_{};
};

Engine::Engine(NbdEngineOptions options, NbdLink link, std::atomic<int>& flush_error,
               BounceBuffers bounce, std::size_t operations_max)
    : options_(std::move(options)),
      link_(std::move(link)),
      flush_error_(flush_error),
      bounce_(std::move(bounce)),
      slots_(operations_max) {
    for (Slot& slot : slots_) {
        slot.engine = this;
        free_.push_back(&slot);
    }
}

void Engine::begin() {
    if (!link_.is_ready()) {
        wait_until_ = Clock::now() +
                      std::max<Clock::duration>(options_.reconnect_delay, NbdLink::kAttemptMax);
        link_.seek();
    }
    link_.follow();
}

Result<> Engine::attach(IoLoop& loop) {
    SISKIN_TRY(loop.add(link_.descriptor(), *this));
    loop_ = &loop;
    // What was done before, while it connected, left its wishes.
    loop.want_turn_end(*this);
    return {};
}

void Engine::detach(IoLoop& loop) {
    loop.forget_turn_end(*this);
    loop_ = nullptr;
    loop.remove(link_.descriptor(), *this);
}

void Engine::submit(BlockOperation& operation) {
    if (!options_.unmap) {
        operation.forbid_unmap();
    }
    if (std::exchange(was_handed_back_, false)) {
        wait_until_ = std::max(wait_until_, Clock::now() + NbdLink::kAttemptMax);
    }
    waiting_.push(operation);
    want_turn_end();
}

void Engine::release_held() {
    if (!is_awaited_ && has_requests()) {
        is_awaited_ = true;
        patient_until_ = Clock::now() + options_.drain_patience;
        link_.tick();
    }
}

void Engine::on_ready() {
    want_turn_end();
    if (link_.take_tick()) {
        if (is_awaited_ && Clock::now() >= patient_until_) {
            hand_back_all();
        }
        link_.on_tick(is_awaited_);
    }
    link_.serve();
    look_after_link();
    settle_done();
}

// What is done without the server may have a next step, which nothing would wake us for.
void Engine::on_turn_end() {
    do {
        send_waiting();
        look_after_link();
        settle_done();
    } while (!waiting_.empty() &&
             (link_.is_ready() ? !free_.empty() : Clock::now() >= wait_until_));
    is_awaited_ = is_awaited_ && has_requests();
    link_.follow();
}

void Engine::send_waiting() {
    if (!link_.is_ready() && Clock::now() >= wait_until_) {
        fail_waiting();
    }
    while (link_.is_ready() && !waiting_.empty() && !free_.empty()) {
        BlockOperation* const operation = waiting_.pop();
        Slot& slot = *free_.back();
        free_.pop_back();
        slot.operation = operation;
        slot.range_done = 0;
        send(*operation, slot);
    }
}

void Engine::send(BlockOperation& operation, Slot& slot) {
    const NbdExport& disk = options_.disk;
    switch (operation.step()) {
        case BlockOperation::Step::Read:
        case BlockOperation::Step::Write: send_transfer(operation, slot); return;
        case BlockOperation::Step::Sync:
            slot.size = 0;
            if (flush_error_.load() != 0) {
                on_sent_done(slot, flush_error_.load());
            } else if (!disk.can_flush || options_.no_flush) {
                on_sent_done(slot, 0);
            } else {
                slot.is_sent = true;
                link_.connection().flush(slot);
            }
            return;
        case BlockOperation::Step::PunchHole:
        case BlockOperation::Step::ZeroRange: {
            const bool is_discard = operation.kind() == BlockOperation::Kind::Discard;
            if (is_discard ? disk.can_trim : disk.can_zero) {
                send_range(operation, slot);
            } else {
                on_sent_done(slot, EOPNOTSUPP);
            }
            return;
        }
        case BlockOperation::Step::BlockDiscard: on_sent_done(slot, EOPNOTSUPP); return;
        case BlockOperation::Step::Nothing: on_sent_done(slot, 0); return;
    }
}

void Engine::send_transfer(BlockOperation& operation, Slot& slot) {
    const auto buffers = bounce_.take(operation);
    if (!buffers) {
        slot.operation = nullptr;
        free_.push_back(&slot);
        return;
    }
    auto* const data = static_cast<std::byte*>(buffers->front().iov_base);
    slot.size = std::min(buffers->front().iov_len, NbdConnection::kTransferMax);
    slot.is_sent = true;
    if (operation.step() == BlockOperation::Step::Read) {
        link_.connection().read(data, slot.size, operation.offset(), slot);
    } else {
        link_.connection().write(data, slot.size, operation.offset(), slot);
    }
}

void Engine::send_range(BlockOperation& operation, Slot& slot) {
    slot.size = std::min(operation.length() - slot.range_done, kRangeMax);
    slot.is_sent = true;
    const std::uint64_t offset = operation.offset() + slot.range_done;
    if (operation.kind() == BlockOperation::Kind::Discard) {
        link_.connection().trim(slot.size, offset, slot);
    } else {
        link_.connection().zero(slot.size, offset,
                                operation.step() == BlockOperation::Step::PunchHole, slot);
    }
}

// Inside libnbd, so nothing is sent or completed here.
void Engine::on_sent_done(Slot& slot, int error_number) {
    slot.is_sent = false;
    BlockOperation& operation = *slot.operation;
    const bool is_range = operation.length() != 0 && operation.buffers().empty();
    if (error_number == 0 && is_range && operation.step() != BlockOperation::Step::Nothing) {
        slot.range_done += slot.size;
    }
    const std::uint64_t done = is_range ? slot.range_done : slot.size;
    operation.step_result =
        error_number != 0 ? -std::int64_t{error_number} : static_cast<std::int64_t>(done);
    operation.worker = static_cast<std::size_t>(&slot - slots_.data());
    done_.push(operation);
}

void Engine::settle_done() {
    while (BlockOperation* const operation = done_.pop()) {
        Slot& slot = slots_[operation->worker];
        const bool is_range = operation->length() != 0 && operation->buffers().empty() &&
                              operation->step() != BlockOperation::Step::Nothing;
        if (is_range && operation->step_result > 0 && slot.range_done < operation->length() &&
            link_.is_ready()) {
            send_range(*operation, slot);
            continue;
        }
        slot.operation = nullptr;
        free_.push_back(&slot);
        if (is_awaited_ && link_.is_ready()) {
            patient_until_ = Clock::now() + options_.drain_patience;
        }
        finish(*operation, operation->step_result);
    }
}

void Engine::finish(BlockOperation& operation, std::int64_t result) {
    const bool is_lost = result < 0 && !link_.is_ready();
    // What the server may have done already can be done again: all requests name their place.
    const bool again = is_lost && (is_handing_back_ || Clock::now() < wait_until_);
    if (is_lost && !again) {
        result = -EIO;
    }
    if (!again && result < 0) {
        remember_failure(operation, static_cast<int>(-result));
    }
    result = bounce_.give_back(operation, result, options_.disk.size);
    if (BlockOperation* const next = bounce_.next_waiting()) {
        waiting_.push(*next);
    }
    if (again) {
        waiting_.push(operation);
    } else if (operation.advance(result, options_.disk.size)) {
        operation.complete(operation.error());
    } else {
        waiting_.push(operation);
    }
}

// A flush that failed is never followed by one that succeeds: what was lost is not known.
void Engine::remember_failure(const BlockOperation& operation, int error_number) {
    if (operation.step() == BlockOperation::Step::Sync) {
        int none = 0;
        flush_error_.compare_exchange_strong(none, error_number);
    }
}

void Engine::look_after_link() {
    if (link_.look()) {
        on_lost();
    }
}

void Engine::on_lost() {
    wait_until_ = Clock::now() + options_.reconnect_delay;
    // Where the server did not end it, libnbd forgets them without a word.
    for (Slot& slot : slots_) {
        if (slot.is_sent) {
            on_sent_done(slot, ENOTCONN);
        }
    }
}

// No connection is left that could use a buffer, nor a request that has one.
void Engine::take_from_bounce() {
    while (BlockOperation* const operation = bounce_.next_waiting()) {
        waiting_.push(*operation);
    }
}

void Engine::hand_back_all() {
    is_handing_back_ = true;
    if (link_.lose(concat("no answer for ", options_.drain_patience.count(), " ms"))) {
        on_lost();
    }
    settle_done();
    is_handing_back_ = false;
    is_awaited_ = false;
    was_handed_back_ = true;
    take_from_bounce();
    BlockOperationList back = std::exchange(waiting_, BlockOperationList());
    while (BlockOperation* const operation = back.pop()) {
        operation->unshift();
        operation->complete(kLost);
    }
}

void Engine::fail_waiting() {
    take_from_bounce();
    BlockOperationList failed = std::exchange(waiting_, BlockOperationList());
    while (BlockOperation* const operation = failed.pop()) {
        remember_failure(*operation, EIO);
        [[maybe_unused]] const bool finished = operation->advance(-EIO, options_.disk.size);
        operation->complete(operation->error());
    }
}

}  // namespace

Result<std::unique_ptr<BlockEngine>> NbdEngine::create(NbdEngineOptions options,
                                                       std::unique_ptr<NbdConnection> connection,
                                                       std::atomic<int>& flush_error,
                                                       std::size_t operations_max) {
    BounceBuffers bounce =
        SISKIN_TRY(BounceBuffers::create(DirectAlignment{1, options.disk.request_alignment, true}));
    NbdLink link = SISKIN_TRY(NbdLink::create(options.server, options.disk, std::move(connection)));
    auto engine = std::make_unique<Engine>(std::move(options), std::move(link), flush_error,
                                           std::move(bounce), operations_max);
    engine->begin();
    return std::unique_ptr<BlockEngine>(std::move(engine));
}

}  // namespace siskin
