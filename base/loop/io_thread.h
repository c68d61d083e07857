// SPDX-License-Identifier: Apache-2.0
// IoThread: a thread of the data plane with its IoLoop; work reaches it as posted closures.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <sys/types.h>

#include "base/loop/io_loop.h"
#include "base/loop/mailbox.h"
#include "base/result.h"

namespace siskin {

// Runs from create() to destruction. It never takes MachineLock. Destroy it after all that lives
// on it was taken off.
class IoThread final : private IoSource {
public:
    using Work = std::function<void(IoLoop&)>;
    static constexpr std::size_t kPostedMax = 4096;

    // `name` is the thread's name, at most 15 bytes are shown by the kernel.
    [[nodiscard]] static Result<std::unique_ptr<IoThread>> create(std::string name);
    ~IoThread() override;
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    // Any thread: runs `work` on this one, in order of posting.
    void post(Work work);
    // Any other thread: posts and waits until it has run. Not under MachineLock.
    void run_and_wait(Work work);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] pid_t thread_id() const { return thread_id_.load(); }

private:
    IoThread(std::string name, IoLoop loop, Mailbox<Work> mailbox);
    void on_ready() override;
    void main();

    std::string name_;
    IoLoop loop_;
    Mailbox<Work> mailbox_;
    bool stopping_ = false;  // own thread only
    std::atomic<pid_t> thread_id_{0};
    std::thread thread_;
};

}  // namespace siskin
