// SPDX-License-Identifier: Apache-2.0
// QueueWorker: serves one virtqueue on an IoLoop; from the driver's kick to its interrupt.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/loop/io_loop.h"
#include "virtio/device.h"
#include "virtio/queue/descriptor_chain.h"

namespace siskin {

// What a device does with chains. Thread: the worker's.
class QueueClient {
public:
    virtual ~QueueClient() = default;
    // Whether one more chain can be taken now. When not, complete() makes the worker ask again.
    [[nodiscard]] virtual bool has_room() const = 0;
    // `chain` is the worker's and changes with the next one. The client owes one complete(), now
    // or later.
    virtual void on_chain(const DescriptorChain& chain) = 0;
    // A chain was refused and handed back already.
    virtual void on_bad_chain(std::string_view reason) = 0;
    // The ring cannot be used any more; this worker has stopped.
    virtual void on_broken_ring(std::string_view reason) = 0;
};

// A turn takes at most one queue's size of chains, then other sources have theirs; interrupts are
// raised once a turn. Thread: the loop's. No lock, no allocation.
class QueueWorker final : private IoSource, private IoTurnEnd, private IoPoller {
public:
    QueueWorker(ActiveQueue queue, QueueClient& client);
    ~QueueWorker() override = default;
    QueueWorker(const QueueWorker&) = delete;
    QueueWorker& operator=(const QueueWorker&) = delete;

    // Begins to listen for kicks; chains are taken from start() on.
    [[nodiscard]] Result<> attach(IoLoop& loop);
    void detach(IoLoop& loop);

    // Takes chains, beginning with a look at the ring; and no longer takes them.
    void start();
    void stop() { running_ = false; }

    // Hands a chain back. The interrupt comes at the end of the turn.
    void complete(ChainHead head, std::uint32_t written);
    // Raises what is due without waiting for the end of the turn.
    void flush_interrupt();

    // The loop's time. Only while attached.
    [[nodiscard]] std::uint64_t now_ns() { return loop_->now_ns(); }

    [[nodiscard]] QueueIndex index() const { return queue_.index; }
    [[nodiscard]] std::uint16_t queue_size() const { return queue_.queue.size(); }
    [[nodiscard]] std::uint16_t chain_length_max() const { return queue_.queue.chain_length_max(); }

private:
    void on_ready() override;
    void on_turn_end() override;
    // While the loop looks at the ring by itself, the driver is asked not to notify.
    void begin_polling() override;
    bool poll() override;
    void end_polling() override;
    // True: chains were there.
    bool drain();
    // False when the worker stops here.
    [[nodiscard]] bool handle(const Popped& popped);

    // At the end of this turn what was pushed is told, and who had no room is asked again.
    void want_turn_end() {
        if (loop_ != nullptr) {
            loop_->want_turn_end(*this);
        }
    }

    ActiveQueue queue_;
    QueueClient& client_;
    IoLoop* loop_ = nullptr;  // while attached
    DescriptorChain chain_;
    bool running_ = false;
    bool starved_ = false;  // the client had no room
    bool pushed_ = false;   // since the last interrupt decision
    bool polled_ = false;   // the loop looks at the ring by itself
};

}  // namespace siskin
