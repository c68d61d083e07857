// SPDX-License-Identifier: Apache-2.0
// Monitors: from -qmp, -mon and -chardev to the endpoints of the QMP server.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/chardev/chardev_config.h"
#include "devices/chardev/terminal.h"
#include "qmp/server.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// The terminal is a monitor's as long as this lives.
class TerminalHold {
public:
    TerminalHold() = default;
    ~TerminalHold() { Terminal::give_back(); }
    TerminalHold(const TerminalHold&) = delete;
    TerminalHold& operator=(const TerminalHold&) = delete;
};

// One monitor.
struct MonitorEndpoint {
    ChardevConfig chardev;  // a socket, stdio, pty or null
    std::string text;       // the option, for errors
    bool readline = false;  // for people; the caller then chooses options.conversation
    qmp::EndpointOptions options;
    std::string filename;              // as query-chardev shows it
    std::optional<std::size_t> index;  // the server's; a null device has none
    std::unique_ptr<TerminalHold> terminal;
};

// The monitors of the command line; the character devices they use are taken out of `config`, as
// the QMP thread owns them. Errors: a character device that is not there, is used twice, or is no
// transport for a monitor; a mode that does not exist; stdio with -daemonize.
[[nodiscard]] Result<std::vector<MonitorEndpoint>> take_monitors(MachineConfig& config);

// Makes the sockets and terminals, connects those that connect once. A terminal's path is told on
// standard output. Errors: the host's; an address that other hosts reach, without allow-remote;
// `interrupt_fd` (-1 for none) became readable while connecting.
[[nodiscard]] Result<> open_monitors(qmp::Server& server, std::vector<MonitorEndpoint>& monitors,
                                     int interrupt_fd);

// Waits, where wait=on asks for it, for each monitor's first client. False when `interrupt_fd`
// became readable before.
[[nodiscard]] bool wait_for_monitors(qmp::Server& server,
                                     const std::vector<MonitorEndpoint>& monitors,
                                     int interrupt_fd);

}  // namespace siskin
