// SPDX-License-Identifier: Apache-2.0
// Clients of a pseudo terminal.
#include "qmp/pty_endpoint.h"

#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

namespace siskin::qmp {
namespace {

// How long the kernel may take to move a terminal's bytes from one buffer to the next.
constexpr int kBuffersMove = 10;  // ms
// How long serving rests when the host has no descriptor left.
constexpr std::chrono::milliseconds kServeRest{100};

}  // namespace

Result<std::unique_ptr<PtyEndpoint>> PtyEndpoint::create(PseudoTerminal terminal) {
    Fd openings(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!openings.valid() ||
        ::inotify_add_watch(openings.get(), terminal.path.c_str(), IN_OPEN) < 0) {
        return fail_errno(concat("could not watch ", terminal.path), errno);
    }
    terminal.slave.reset();  // the first to open it from here on is the client
    return std::unique_ptr<PtyEndpoint>(
        new PtyEndpoint(std::move(terminal.master), std::move(openings)));
}

Result<> PtyEndpoint::start(EventLoop& loop, Serve serve) {
    loop_ = &loop;
    serve_ = std::move(serve);
    watch_ = SISKIN_TRY(loop.watch_readable(openings_.get(), [this] { on_opening(); }));
    return {};
}

void PtyEndpoint::on_client_gone() {
    drop_unread();
    busy_ = false;
    // The next one may have opened it already; not from within the call that ends the last one.
    if (!stopped_) {
        timer_ = loop_->after(std::chrono::milliseconds::zero(), [this] { serve_if_open(); });
    }
}

// What a client did not read is not for the next one. It lies in the slave's input, which is out of
// reach of the master (tty_ioctl(4), TCFLSH).
void PtyEndpoint::drop_unread() const {
    const Fd slave(::ioctl(master_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!slave.valid()) {
        return;
    }
    // What the line discipline has, and what lies behind it in the terminal's buffers, which moves
    // up as room is made.
    std::array<char, 4096> lost{};
    pollfd more{slave.get(), POLLIN, 0};
    while (::poll(&more, 1, kBuffersMove) == 1 &&
           ::read(slave.get(), lost.data(), lost.size()) > 0) {
    }
    ::tcflush(slave.get(), TCIFLUSH);
}

void PtyEndpoint::stop() {
    stopped_ = true;
    watch_.reset();
    timer_.reset();
}

void PtyEndpoint::on_opening() {
    std::array<char, 4096> events{};
    while (::read(openings_.get(), events.data(), events.size()) > 0) {
    }
    serve_if_open();
}

void PtyEndpoint::serve_if_open() {
    pollfd state{master_.get(), 0, 0};
    if (busy_ || stopped_ || ::poll(&state, 1, 0) < 0 || (state.revents & POLLHUP) != 0) {
        return;
    }
    auto input = master_.duplicate();
    auto output = master_.duplicate();
    Result<> served = input && output ? Result<>() : Result<>(fail("no file descriptor is left"));
    if (served) {
        busy_ = true;
        served = serve_(ByteChannel::of_files(std::move(*input), std::move(*output)));
    }
    if (!served) {
        busy_ = false;
        if (!is_warned_) {
            log::warning(
                concat("a monitor's client could not be served yet: ", served.error().message));
        }
        is_warned_ = true;
        timer_ = loop_->after(kServeRest, [this] { serve_if_open(); });
        return;
    }
    is_warned_ = false;
}

}  // namespace siskin::qmp
