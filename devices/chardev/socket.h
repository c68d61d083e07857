// SPDX-License-Identifier: Apache-2.0
// Character back end "socket": a stream socket, as server for one client at a time or as client.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/loop/reconnector.h"
#include "base/unix_socket.h"
#include "devices/chardev/chardev_config.h"
#include "devices/chardev/socket_user.h"
#include "devices/chardev/stream.h"

namespace siskin {

// Without a peer the newest output is kept for the next one. Left out: TLS, websocket.
// Thread: as Chardev.
class SocketChardev final : public StreamChardev {
public:
    // How long accepting rests when the host has no descriptor or memory for one more client.
    static constexpr std::chrono::milliseconds kAcceptRest{1000};

    // With server=on and wait not off it waits here until a client has come, and without server
    // and reconnect until it is connected: for start-up, or bounded by kConnectPatience. The
    // config's fd is taken over, whatever the outcome. Error then, too: `interrupt_fd` (-1 for
    // none) became readable first.
    [[nodiscard]] static Result<std::unique_ptr<Chardev>> create(const ChardevConfig& config,
                                                                 EventLoop& loop, MachineLock& lock,
                                                                 int interrupt_fd = -1);

    [[nodiscard]] std::string filename() const override;

    // The connections, this one and those to come, are the user's until end_lending(); nothing is
    // read or written here. One that is not there is tried for at once, and then as the options
    // say. Errors: it is in use, or no Unix socket. VM loop's thread, under MachineLock; so is
    // end_lending().
    [[nodiscard]] Result<> lend_to(SocketUser& user);
    // The user has closed its connection, or closes it now.
    void end_lending();
    // The user has closed its connection: the next one may come.
    void connection_lost();
    // Whether the user has a connection, and whether there would be another after it.
    [[nodiscard]] bool is_lent() const { return is_lent_; }
    [[nodiscard]] bool is_lent_to(const SocketUser& user) const { return user_ == &user; }
    [[nodiscard]] bool can_come_back() const;

private:
    // Stands at the place of a front end while the socket is lent.
    class Placeholder final : public ChardevFrontEnd {
    public:
        [[nodiscard]] std::size_t can_receive() const override { return 0; }
        void receive(std::span<const std::uint8_t>) override {}
    };

    SocketChardev(const ChardevConfig& config, EventLoop& loop, MachineLock& lock, EventFd wake)
        : StreamChardev(config.id, loop, lock, std::move(wake)), config_(config) {}

    [[nodiscard]] Result<> listen(Fd passed, int interrupt_fd);
    [[nodiscard]] Result<> wait_for_client(int interrupt_fd);
    void accept_client();
    void rest();
    void make_reconnector(std::vector<SocketAddress> addresses, std::chrono::seconds pause);
    [[nodiscard]] Result<> keep_connected(std::chrono::seconds pause);
    [[nodiscard]] Result<> connect_once(Fd passed, int interrupt_fd);
    [[nodiscard]] Result<> use(Fd socket);
    void on_input_end() override;
    void on_hang_up();
    void on_output_error(int error_number) override;

    ChardevConfig config_;
    std::string name_;            // without a peer
    std::string connected_name_;  // with one; empty where that makes no difference
    std::optional<UnixListener> listener_;
    std::unique_ptr<EventLoop::Watch> listen_watch_;
    std::unique_ptr<EventLoop::Watch> hang_up_watch_;  // of the connection
    std::unique_ptr<EventLoop::Watch> rest_timer_;
    std::optional<Reconnector> reconnector_;
    Placeholder placeholder_;
    SocketUser* user_ = nullptr;
    bool is_lent_ = false;  // the user has a connection
};

}  // namespace siskin
