// SPDX-License-Identifier: Apache-2.0
// EventLoop over Boost.Asio.
#include "base/loop/event_loop.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>

#include "base/fd.h"
#include "base/loop/asio.h"

namespace siskin {
namespace {

namespace asio = boost::asio;
using WaitType = asio::posix::stream_descriptor::wait_type;

// A watch lives on in the handlers that Asio still holds, so its state is shared with them.
struct DescriptorState : std::enable_shared_from_this<DescriptorState> {
    DescriptorState(asio::io_context& context, Fd watched, WaitType wait_type,
                    std::function<void()> callback)
        : handle(std::move(watched)),
          descriptor(context),
          type(wait_type),
          ready(std::move(callback)) {}

    void wait() {
        if (waiting || paused || closed) {
            return;
        }
        waiting = true;
        descriptor.async_wait(type, [self = shared_from_this()](boost::system::error_code error) {
            self->waiting = false;
            if (error || self->closed) {
                return;
            }
            if (!self->paused) {
                self->ready();
            }
            self->wait();
        });
    }

    Fd handle;  // outlives the descriptor, which only borrows its number
    asio::posix::stream_descriptor descriptor;
    WaitType type;
    std::function<void()> ready;
    bool waiting = false;
    bool paused = false;
    bool closed = false;
};

class DescriptorWatch final : public EventLoop::Watch {
public:
    explicit DescriptorWatch(std::shared_ptr<DescriptorState> state) : state_(std::move(state)) {}
    ~DescriptorWatch() override {
        state_->closed = true;
        state_->descriptor.release();  // the number is the handle's to close
    }
    DescriptorWatch(const DescriptorWatch&) = delete;
    DescriptorWatch& operator=(const DescriptorWatch&) = delete;

    void pause() override { state_->paused = true; }
    void resume() override {
        state_->paused = false;
        state_->wait();
    }

private:
    std::shared_ptr<DescriptorState> state_;
};

class TimerWatch final : public EventLoop::Watch {
public:
    TimerWatch(asio::io_context& context, std::chrono::milliseconds delay,
               std::function<void()> expired)
        : timer_(context, delay), alive_(std::make_shared<bool>(true)) {
        timer_.async_wait([alive = alive_, expired = std::move(expired)](auto error) {
            if (!error && *alive) {
                expired();
            }
        });
    }
    ~TimerWatch() override { *alive_ = false; }
    TimerWatch(const TimerWatch&) = delete;
    TimerWatch& operator=(const TimerWatch&) = delete;

    void pause() override { timer_.cancel(); }
    void resume() override {}

private:
    asio::steady_timer timer_;
    std::shared_ptr<bool> alive_;
};

// Asio takes what epoll refuses (a regular file, /dev/null) and then never calls: ask epoll first.
Result<> check_watchable(int fd_number) {
    const Fd probe(::epoll_create1(EPOLL_CLOEXEC));
    if (!probe.valid()) {
        return fail_errno("could not watch a file descriptor", errno);
    }
    epoll_event event{};
    if (::epoll_ctl(probe.get(), EPOLL_CTL_ADD, fd_number, &event) != 0) {
        return fail_errno("could not watch a file descriptor", errno);
    }
    return {};
}

Result<std::unique_ptr<EventLoop::Watch>> watch(asio::io_context& context, int fd_number,
                                                WaitType type, std::function<void()> ready) {
    SISKIN_TRY(check_watchable(fd_number));
    // epoll holds a number once: a handle of its own lets one file have a watch of either type.
    Fd handle(::fcntl(fd_number, F_DUPFD_CLOEXEC, 0));
    if (!handle.valid()) {
        return fail_errno("could not watch a file descriptor", errno);
    }
    auto state =
        std::make_shared<DescriptorState>(context, std::move(handle), type, std::move(ready));
    boost::system::error_code error;
    state->descriptor.assign(state->handle.get(), error);
    if (error) {
        return fail_errno("could not watch a file descriptor", error.value());
    }
    state->wait();
    return std::unique_ptr<EventLoop::Watch>(std::make_unique<DescriptorWatch>(std::move(state)));
}

}  // namespace

class EventLoop::Impl {
public:
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
    impl_->context.run();
}
void EventLoop::stop() {
    impl_->context.stop();
}
void EventLoop::run_ready() {
    impl_->context.poll();
}

Result<std::unique_ptr<EventLoop::Watch>> EventLoop::watch_readable(int fd_number,
                                                                    std::function<void()> ready) {
    return watch(impl_->context, fd_number, WaitType::wait_read, std::move(ready));
}

Result<std::unique_ptr<EventLoop::Watch>> EventLoop::watch_writable(int fd_number,
                                                                    std::function<void()> ready) {
    return watch(impl_->context, fd_number, WaitType::wait_write, std::move(ready));
}

Result<std::unique_ptr<EventLoop::Watch>> EventLoop::watch_hang_up(int fd_number,
                                                                   std::function<void()> ready) {
    return watch(impl_->context, fd_number, WaitType::wait_error, std::move(ready));
}

std::unique_ptr<EventLoop::Watch> EventLoop::after(std::chrono::milliseconds delay,
                                                   std::function<void()> expired) {
    return std::make_unique<TimerWatch>(impl_->context, delay, std::move(expired));
}

boost::asio::io_context& EventLoop::context() {
    return impl_->context;
}

}  // namespace siskin
