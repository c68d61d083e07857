// SPDX-License-Identifier: Apache-2.0
// Character back end "socket": a Unix stream socket, as server for one client at a time or as
// client.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/unix_socket.h"
#include "devices/chardev/chardev_config.h"
#include "devices/chardev/stream.h"

namespace siskin {

// Without a client the newest output is kept for the next one. Left out: TCP, TLS, telnet,
// reconnect (monitors have TCP and reconnect: vmm/machine/monitors). Thread: as Chardev.
class SocketChardev final : public StreamChardev {
public:
    // With server=on and wait not off it waits here until a client has come: for start-up only.
    // Error then, too: `interrupt_fd` (-1 for none) became readable first.
    [[nodiscard]] static Result<std::unique_ptr<Chardev>> create(const ChardevConfig& config,
                                                                 EventLoop& loop, MachineLock& lock,
                                                                 int interrupt_fd = -1);

    [[nodiscard]] std::string filename() const override;

private:
    SocketChardev(const ChardevConfig& config, EventLoop& loop, MachineLock& lock, EventFd wake)
        : StreamChardev(config.id, loop, lock, std::move(wake)), config_(config) {}

    [[nodiscard]] Result<> listen(int interrupt_fd);
    [[nodiscard]] Result<> wait_for_client(int interrupt_fd);
    void accept_client();
    [[nodiscard]] Result<> use(Fd socket);
    void on_input_end() override;
    void on_output_error(int error_number) override;

    ChardevConfig config_;
    std::optional<UnixListener> listener_;
    std::unique_ptr<EventLoop::Watch> listen_watch_;
};

}  // namespace siskin
