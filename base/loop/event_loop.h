// SPDX-License-Identifier: Apache-2.0
// EventLoop: a control-plane thread's heart; readable descriptors and timers become calls.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/result.h"

namespace boost::asio {
class io_context;
}

namespace siskin {

// epoll by Boost.Asio. Everything but stop() belongs to the thread that calls run(), or to whoever
// sets it up before run().
class EventLoop {
public:
    // Calls back while it lives; destroying it on the loop's thread, before the loop, ends the
    // calls.
    class Watch {
    public:
        virtual ~Watch() = default;
        // Stop calling, and call again: for back-pressure.
        virtual void pause() = 0;
        virtual void resume() = 0;
    };

    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Calls back until stop().
    void run();
    // Any thread. run() returns after the callback that runs at the moment.
    void stop();
    // Calls back for all that is ready now, then returns; for tests, which have no loop thread.
    void run_ready();

    // Calls `ready` whenever `fd_number` is readable or at its end. The descriptor stays the
    // caller's and outlives the watch; it becomes non-blocking. Readable and writable may be
    // watched at once. Error: epoll cannot watch it (a regular file, /dev/null).
    [[nodiscard]] Result<std::unique_ptr<Watch>> watch_readable(int fd_number,
                                                                std::function<void()> ready);
    [[nodiscard]] Result<std::unique_ptr<Watch>> watch_writable(int fd_number,
                                                                std::function<void()> ready);
    // Calls `ready` when both directions of a socket are closed, or it has failed.
    [[nodiscard]] Result<std::unique_ptr<Watch>> watch_hang_up(int fd_number,
                                                               std::function<void()> ready);
    // Calls `expired` once, after `delay`; destroying the watch cancels it.
    [[nodiscard]] std::unique_ptr<Watch> after(std::chrono::milliseconds delay,
                                               std::function<void()> expired);

    // For sockets and timers of the qmp folder.
    [[nodiscard]] boost::asio::io_context& context();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace siskin
