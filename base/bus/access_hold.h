// SPDX-License-Identifier: Apache-2.0
// AccessHold: keeps a vCPU inside the access that it made until something has come to its end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace siskin {

// Some registers are done when the write is, and what they ask for takes time that nobody may spend
// under MachineLock. Their handler calls begin(); the thread that made the access waits afterwards,
// without a lock, before its guest goes on. One object a thread that runs a guest.
class AccessHold {
public:
    AccessHold();
    ~AccessHold();
    AccessHold(const AccessHold&) = delete;
    AccessHold& operator=(const AccessHold&) = delete;

    // Handlers that run on this thread hold it from now on. Thread: the one.
    void attach();

    // The calling thread is held until what is returned has been called, once, from any thread, be
    // the object gone or not. On a thread that cannot be held it means nothing.
    [[nodiscard]] static std::function<void()> begin();

    [[nodiscard]] bool is_held() const { return state_->holds.load() != 0; }
    // To wait: take the turn, look at what else ends the wait and at is_held(), then sleep until
    // the turn is another one: a hold has ended, or wake() was called. Any thread wakes.
    [[nodiscard]] std::uint32_t turn() const { return state_->turn.load(); }
    void sleep(std::uint32_t turn) const { state_->turn.wait(turn); }
    void wake() { state_->next_turn(); }

private:
    struct State {
        std::atomic<std::uint32_t> holds{0};
        std::atomic<std::uint32_t> turn{0};

        void next_turn() {
            turn.fetch_add(1);
            turn.notify_all();
        }
    };
    static std::shared_ptr<State>& of_this_thread();

    std::shared_ptr<State> state_;
};

}  // namespace siskin
