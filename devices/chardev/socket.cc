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
#include "devices/chardev/socket_options.h"

namespace siskin {
namespace {

Result<> check(const ChardevConfig& config) {
    SISKIN_TRY(check_socket(config));
    if (config.clients) {
        return fail("'x-siskin-clients' is for monitors; a device has one client at a time");
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Chardev>> SocketChardev::create(const ChardevConfig& config, EventLoop& loop,
                                                       MachineLock& lock, int interrupt_fd) {
    Fd passed(config.fd ? static_cast<int>(*config.fd) : -1);
    SISKIN_TRY(check(config));
    std::unique_ptr<SocketChardev> chardev(
        new SocketChardev(config, loop, lock, SISKIN_TRY(EventFd::create())));
    chardev->name_ = socket_name(config);
    if (const auto end = telnet_end(config)) {
        chardev->speak_telnet(*end);
    }
    SISKIN_TRY(chardev->start());
    if (is_server(config)) {
        SISKIN_TRY(chardev->listen(std::move(passed), interrupt_fd));
    } else if (const std::uint32_t pause = config.reconnect.value_or(0); pause != 0) {
        SISKIN_TRY(chardev->keep_connected(std::chrono::seconds(pause)));
    } else {
        SISKIN_TRY(chardev->connect_once(std::move(passed), interrupt_fd));
    }
    return std::unique_ptr<Chardev>(std::move(chardev));
}

std::string SocketChardev::filename() const {
    if (!connected() && !is_lent_) {
        return concat("disconnected:", name_);
    }
    return connected_name_.empty() ? name_ : connected_name_;
}

Result<> SocketChardev::listen(Fd passed, int interrupt_fd) {
    listener_.emplace(SISKIN_TRY(listen_socket(config_, std::move(passed))));
    name_ = listening_name(config_, listener_->get());
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

Result<> SocketChardev::lend_to(SocketUser& user) {
    if (is_tcp(config_) || telnet_end(config_)) {
        return fail(concat("chardev '", id(), "' is ", socket_name(config_),
                           "; only a Unix socket can pass descriptors"));
    }
    SISKIN_TRY(attach(placeholder_));
    user_ = &user;
    if (connected()) {
        hang_up_watch_.reset();
        is_lent_ = true;
        user_->on_connected(release_connection());
    } else if (reconnector_) {
        auto addresses = SISKIN_TRY(socket_addresses(config_));
        if (auto socket = connect_unix(config_.path)) {
            // Its own attempt, if one is under way, would make a second one.
            make_reconnector(std::move(addresses), std::chrono::seconds(*config_.reconnect));
            return use(std::move(*socket));
        }
    }
    return {};
}

void SocketChardev::end_lending() {
    detach();
    user_ = nullptr;
    if (is_lent_) {
        connection_lost();
    }
}

void SocketChardev::connection_lost() {
    is_lent_ = false;
    on_input_end();
}

bool SocketChardev::can_come_back() const {
    return reconnector_ || listener_;
}

Result<> SocketChardev::keep_connected(std::chrono::seconds pause) {
    auto addresses = SISKIN_TRY(socket_addresses(config_));
    make_reconnector(std::move(addresses), pause);
    reconnector_->start();
    return {};
}

void SocketChardev::make_reconnector(std::vector<SocketAddress> addresses,
                                     std::chrono::seconds pause) {
    reconnector_.emplace(loop(), std::move(addresses), pause, concat("chardev '", id(), "'"),
                         [this](Fd socket) { return use(std::move(socket)); });
}

Result<> SocketChardev::connect_once(Fd passed, int interrupt_fd) {
    if (config_.fd) {
        return use(SISKIN_TRY(adopt_connected(std::move(passed))));
    }
    const auto addresses = SISKIN_TRY(socket_addresses(config_));
    return use(SISKIN_TRY(connect_stream(addresses, interrupt_fd)));
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
        if (!is_client_gone(errno)) {
            rest();
        }
        return;
    }
    if (const auto used = use(std::move(client)); !used) {
        log::warning(concat("chardev '", id(), "': ", used.error().message));
        rest();
        return;
    }
    listen_watch_->pause();  // the next client waits in the backlog
}

// Else the listener would be found readable over and over.
void SocketChardev::rest() {
    listen_watch_->pause();
    rest_timer_ = loop().after(kAcceptRest, [this] {
        if (!connected() && !is_lent_) {
            listen_watch_->resume();
        }
    });
}

Result<> SocketChardev::use(Fd socket) {
    if (user_ != nullptr) {
        connected_name_ = connected_name(config_, socket.get());
        is_lent_ = true;
        user_->on_connected(std::move(socket));
        return {};
    }
    set_no_delay(socket.get());
    Fd output = SISKIN_TRY(socket.duplicate());
    connected_name_ = connected_name(config_, socket.get());
    hang_up_watch_ = SISKIN_TRY(loop().watch_hang_up(socket.get(), [this] { on_hang_up(); }));
    return connect(std::move(socket), std::move(output));
}

void SocketChardev::on_input_end() {
    hang_up_watch_.reset();
    disconnect();
    if (listen_watch_ != nullptr) {
        listen_watch_->resume();
    }
    if (reconnector_) {
        reconnector_->lost();
    }
}

// Without a front end nobody would ever read the end.
void SocketChardev::on_hang_up() {
    if (!has_front_end()) {
        on_input_end();
    }
}

void SocketChardev::on_output_error(int) {
    on_input_end();
}

}  // namespace siskin
