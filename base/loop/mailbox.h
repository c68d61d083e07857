// SPDX-License-Identifier: Apache-2.0
// Mailbox<T>: the one way between threads; a lock-free queue and an EventFd that wakes its owner.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "base/fd.h"
#include "base/loop/pointer_queue.h"
#include "base/result.h"

namespace siskin {

// Any thread posts, one thread takes. Bounded: `capacity` messages, then post() says no.
template <typename T>
class Mailbox {
public:
    [[nodiscard]] static Result<Mailbox> create(std::size_t capacity) {
        return Mailbox(capacity, SISKIN_TRY(EventFd::create()));
    }
    Mailbox(Mailbox&&) noexcept = default;
    Mailbox& operator=(Mailbox&&) = delete;
    ~Mailbox() {
        while (queue_ != nullptr && take()) {
        }
    }

    // False, and `message` is unchanged, when the mailbox is full.
    [[nodiscard]] bool post(T&& message) {
        auto held = std::make_unique<T>(std::move(message));
        if (!queue_->push(held.get())) {
            message = std::move(*held);
            return false;
        }
        [[maybe_unused]] T* const handed_over = held.release();
        event_.signal();
        return true;
    }

    // The next message, or nothing. Call clear_event() first, then take until nothing comes.
    [[nodiscard]] std::optional<T> take() {
        const std::unique_ptr<T> held(static_cast<T*>(queue_->pop()));
        return held ? std::optional<T>(std::move(*held)) : std::nullopt;
    }
    void clear_event() const { [[maybe_unused]] const auto count = event_.take(); }

    // Readable when there may be messages.
    [[nodiscard]] int event_fd() const { return event_.get(); }

private:
    Mailbox(std::size_t capacity, EventFd event)
        : queue_(std::make_unique<PointerQueue>(capacity)), event_(std::move(event)) {}

    std::unique_ptr<PointerQueue> queue_;
    EventFd event_;
};

}  // namespace siskin
