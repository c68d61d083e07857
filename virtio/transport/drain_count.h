// SPDX-License-Identifier: Apache-2.0
// DrainCount: whether an I/O thread has finished all that it was asked to bring to an end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace siskin {

// What begin() gives may be called from any thread, even when this object is gone already.
// Thread: else its owner's.
class DrainCount {
public:
    // One more is asked for; to be called once, when it is done.
    [[nodiscard]] std::function<void()> begin() {
        ++begun_;
        return [done = done_] { done->fetch_add(1); };
    }
    [[nodiscard]] bool is_pending() const { return done_->load() != begun_; }

private:
    std::uint64_t begun_ = 0;
    std::shared_ptr<std::atomic<std::uint64_t>> done_ =
        std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace siskin
