// SPDX-License-Identifier: Apache-2.0
// Character back end "socket".
#include "devices/chardev/socket.h"

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>

#include "base/log.h"
#include "base/stream_socket.h"
#include "base/text.h"

namespace siskin {
namespace {

Result<> check(const ChardevConfig& config) {
    if (config.host || config.port || config.reconnect || config.clients) {
        return fail(
            "'host', 'port', 'reconnect' and 'x-siskin-clients' are for monitors; a device's "
            "socket has 'path' or 'fd'");
    }
    if (config.path.empty() && !config.fd) {
        return fail("chardev: socket: no path and no fd given");
    }
    if (!config.path.empty() && config.fd) {
        return fail("chardev: socket: path and fd exclude each other");
    }
    if (!config.server.value_or(false) && config.wait) {
        return fail("'wait' option is incompatible with socket in client connect mode");
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Chardev>> SocketChardev::create(const ChardevConfig& config, EventLoop& loop,
                                                       MachineLock& lock, int interrupt_fd) {
    SISKIN_TRY(check(config));
    std::unique_ptr<SocketChardev> chardev(
        new SocketChardev(config, loop, lock, SISKIN_TRY(EventFd::create())));
    SISKIN_TRY(chardev->start());
    if (config.server.value_or(false)) {
        SISKIN_TRY(chardev->listen(interrupt_fd));
    } else {
        Fd socket = config.fd ? SISKIN_TRY(adopt_connected(Fd(static_cast<int>(*config.fd))))
                              : SISKIN_TRY(connect_unix(config.path));
        SISKIN_TRY(chardev->use(std::move(socket)));
    }
    return std::unique_ptr<Chardev>(std::move(chardev));
}

std::string SocketChardev::filename() const {
    const std::string_view prefix = connected() ? "" : "disconnected:";
    if (config_.fd) {
        return concat(prefix, "fd:", *config_.fd);
    }
    return concat(prefix, "unix:", config_.path,
                  config_.server.value_or(false) ? ",server=on" : "");
}

Result<> SocketChardev::listen(int interrupt_fd) {
    listener_.emplace(config_.fd
                          ? SISKIN_TRY(UnixListener::adopt(Fd(static_cast<int>(*config_.fd))))
                          : SISKIN_TRY(UnixListener::listen(config_.path)));
    if (config_.wait.value_or(true)) {
        SISKIN_TRY(wait_for_client(interrupt_fd));
    }
    listen_watch_ =
        SISKIN_TRY(loop().watch_readable(listener_->get(), [this] { accept_client(); }));
    if (connected()) {
        listen_watch_->pause();
    }
    return {};
}

Result<> SocketChardev::wait_for_client(int interrupt_fd) {
    log::line(concat("waiting for connection on: ", filename()));
    Fd client = listener_->accept();
    while (!client.valid()) {
        if (errno != EAGAIN) {
            return fail_errno("Failed to accept a client", errno);
        }
        // poll(2) passes over a negative descriptor.
        std::array<pollfd, 2> waits{{{listener_->get(), POLLIN, 0}, {interrupt_fd, POLLIN, 0}}};
        if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
            return fail_errno("Failed to wait for a client", errno);
        }
        if ((waits[1].revents & POLLIN) != 0) {
            return fail("interrupted by a signal while waiting for a client");
        }
        client = listener_->accept();
    }
    return use(std::move(client));
}

void SocketChardev::accept_client() {
    Fd client = listener_->accept();
    if (!client.valid()) {
        return;
    }
    const auto used = use(std::move(client));
    if (!used) {
        log::warning(concat("chardev '", id(), "': ", used.error().message));
        return;
    }
    listen_watch_->pause();  // the next client waits in the backlog
}

Result<> SocketChardev::use(Fd socket) {
    Fd output = SISKIN_TRY(socket.duplicate());
    return connect(std::move(socket), std::move(output));
}

void SocketChardev::on_input_end() {
    disconnect();
    if (listen_watch_ != nullptr) {
        listen_watch_->resume();
    }
}

void SocketChardev::on_output_error(int) {
    on_input_end();
}

}  // namespace siskin
