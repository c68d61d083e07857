// SPDX-License-Identifier: Apache-2.0
// Monitors: from -qmp, -mon and -chardev to the listeners of the QMP server.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "devices/chardev/chardev_config.h"
#include "qmp/server.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// One monitor's socket.
struct MonitorListener {
    ChardevConfig chardev;  // a listening Unix socket, by path or by descriptor
    std::string text;       // the option, for errors
};

// The monitors of the command line; the character devices they use are taken out of `config`, as
// the QMP thread owns them. Errors: a character device that is not there, is used twice, or is no
// listening socket; a monitor of another mode than control.
[[nodiscard]] Result<std::vector<MonitorListener>> take_monitors(MachineConfig& config);

// Makes the sockets. In the order of `monitors`, whose indices the server's are then.
[[nodiscard]] Result<> listen_monitors(qmp::Server& server,
                                       const std::vector<MonitorListener>& monitors);

// Waits, where wait=on asks for it, for each monitor's first client. False when `interrupt_fd`
// became readable before.
[[nodiscard]] bool wait_for_monitors(qmp::Server& server,
                                     const std::vector<MonitorListener>& monitors,
                                     int interrupt_fd);

// "unix:/path,server=on", as query-chardev shows it.
[[nodiscard]] std::string monitor_filename(const MonitorListener& monitor);

}  // namespace siskin
