// SPDX-License-Identifier: Apache-2.0
// HostCalls: takes the place of the host's calls for disks in a test program; logs and breaks them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace siskin::test {

// Linking this object puts preadv, pwritev, fdatasync, fallocate and io_uring_submit of the program
// in between. Without an answer for a call it is the host's. Any thread.
class HostCalls {
public:
    enum class Call { Read, Write, Sync };

    // The program's only one.
    static HostCalls& get();
    // As at the beginning.
    void reset();

    // The next `count` calls at this offset (0 for a sync) end so: minus errno, or as many bytes as
    // this at most.
    void answer(Call call, std::uint64_t offset, std::int64_t result, unsigned count = 1);
    // Syncs succeed without the host's doing.
    void skip_syncs();
    // The next read or write at this offset takes so long; not of io_uring.
    void delay(Call call, std::uint64_t offset, std::chrono::milliseconds duration);
    // Called as each sync begins.
    void on_sync_begin(std::function<void()> observer);
    // Called right before and right after each call; of
    // io_uring each entry is then handed over by a call of its own. For good: reset() leaves it.
    // Before there are threads.
    void on_point(std::function<void()> observer) { point_observer_ = std::move(observer); }

    // For the calls themselves.
    [[nodiscard]] std::optional<std::int64_t> take_answer(Call call, std::uint64_t offset);
    [[nodiscard]] std::chrono::milliseconds take_delay(Call call, std::uint64_t offset);
    void sync_begins();
    void at_point() const {
        if (point_observer_) {
            point_observer_();
        }
    }
    [[nodiscard]] bool has_point_observer() const { return point_observer_ != nullptr; }
    // Whether this kernel can give io_uring answers that were made up (Linux 6.10).
    [[nodiscard]] static bool can_answer_uring();

private:
    using Key = std::pair<Call, std::uint64_t>;
    struct Answer {
        std::int64_t result;
        unsigned count;
    };

    std::mutex mutex_;
    std::map<Key, Answer> answers_;
    std::map<Key, std::chrono::milliseconds> delays_;
    std::function<void()> observer_;
    std::function<void()> point_observer_;
    bool skip_syncs_ = false;
};

}  // namespace siskin::test
