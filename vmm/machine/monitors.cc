// SPDX-License-Identifier: Apache-2.0
// The monitors of the command line.
#include "vmm/machine/monitors.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/byte_channel.h"
#include "base/log.h"
#include "base/pseudo_terminal.h"
#include "base/socket_address.h"
#include "base/stream_socket.h"
#include "base/text.h"
#include "devices/chardev/socket_options.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

constexpr std::string_view kChardevPrefix = "chardev:";

Result<ChardevConfig> take_chardev(MachineConfig& config, std::string_view id) {
    const auto found = std::find_if(config.chardevs.begin(), config.chardevs.end(),
                                    [&](const ChardevUse& use) { return use.config.id == id; });
    if (found == config.chardevs.end()) {
        return fail(id.empty()
                        ? std::string("Parameter 'chardev' is missing")
                        : concat("chardev \"", printable(id), "\" not found, or in use already"));
    }
    ChardevConfig chardev = std::move(found->config);
    config.chardevs.erase(found);
    return chardev;
}

Result<> check_transport(const ChardevConfig& chardev) {
    switch (chardev.backend) {
        case ChardevBackend::Socket: return check_socket(chardev);
        case ChardevBackend::Stdio:
        case ChardevBackend::Pty:
        case ChardevBackend::Null: return {};
        case ChardevBackend::File:
        case ChardevBackend::Ring: break;
    }
    return fail("a monitor needs a socket, stdio, pty or null");
}

std::string filename_of(const ChardevConfig& chardev) {
    switch (chardev.backend) {
        case ChardevBackend::Socket: return socket_name(chardev);
        case ChardevBackend::Stdio: return "stdio";
        case ChardevBackend::Pty: return "pty";
        default: return "null";
    }
}

Result<MonitorEndpoint> endpoint_of(ChardevConfig chardev, std::string text, bool pretty) {
    SISKIN_TRY_IN(text, check_transport(chardev));
    MonitorEndpoint monitor;
    monitor.text = std::move(text);
    monitor.options.pretty = pretty;
    monitor.options.clients_max = chardev.clients.value_or(1);
    monitor.options.telnet = telnet_end(chardev);
    monitor.filename = filename_of(chardev);
    monitor.chardev = std::move(chardev);
    return monitor;
}

Result<MonitorEndpoint> from_qmp(MachineConfig& config, const QmpUse& use, std::size_t number) {
    ChardevConfig chardev;
    if (use.device.starts_with(kChardevPrefix)) {
        chardev =
            SISKIN_TRY_IN(use.text, take_chardev(config, use.device.substr(kChardevPrefix.size())));
    } else {
        chardev = SISKIN_TRY_IN(use.text,
                                parse_chardev_short(use.device, concat("compat_monitor", number)));
    }
    MonitorEndpoint monitor = SISKIN_TRY(endpoint_of(std::move(chardev), use.text, use.pretty));
    monitor.readline = use.readline;
    return monitor;
}

Result<MonitorEndpoint> from_mon(MachineConfig& config, const OptionUse& use) {
    MonitorOptions options;
    SISKIN_TRY_IN(use.text, apply_options(option_keys("mon"), &options, use.members));
    if (options.mode != "control" && options.mode != "readline") {
        return fail(concat(use.text, ": Parameter 'mode' doesn't take value '",
                           printable(options.mode), "', allowed is readline or control"));
    }
    if (options.mode == "readline" && options.pretty) {
        return fail(concat(use.text, ": 'pretty' is not compatible with mode=readline"));
    }
    if (options.role != "observe" && options.role != "operate") {
        return fail(concat(use.text, ": Parameter 'x-siskin-role' doesn't take value '",
                           printable(options.role), "', allowed is observe or operate"));
    }
    if (options.mode == "readline" && options.role == "observe") {
        return fail(concat(use.text,
                           ": 'x-siskin-role=observe' is not compatible with "
                           "mode=readline"));
    }
    ChardevConfig chardev = SISKIN_TRY_IN(use.text, take_chardev(config, options.chardev));
    if (options.clients) {
        chardev.clients = options.clients;
    }
    MonitorEndpoint monitor = SISKIN_TRY(endpoint_of(std::move(chardev), use.text, options.pretty));
    monitor.readline = options.mode == "readline";
    monitor.options.role = options.role == "observe" ? qmp::Role::Observe : qmp::Role::Operate;
    monitor.options.message_size_max = options.message_max.value();
    return monitor;
}

// Whoever reaches a monitor owns the machine, also where the monitor made the connection.
Result<std::vector<SocketAddress>> addresses_of(const ChardevConfig& chardev) {
    auto addresses = SISKIN_TRY(socket_addresses(chardev));
    for (const SocketAddress& address : addresses) {
        SISKIN_TRY(check_reach(chardev, address));
    }
    return addresses;
}

Result<std::size_t> listen(qmp::Server& server, MonitorEndpoint& monitor) {
    const ChardevConfig& chardev = monitor.chardev;
    Fd passed(chardev.fd ? static_cast<int>(*chardev.fd) : -1);
    UnixListener listener = SISKIN_TRY(listen_socket(chardev, std::move(passed)));
    monitor.filename = listening_name(chardev, listener.get());
    return server.listen_on(std::move(listener), monitor.options);
}

Result<std::size_t> connect(qmp::Server& server, const MonitorEndpoint& monitor, int interrupt_fd) {
    const ChardevConfig& chardev = monitor.chardev;
    if (chardev.fd) {
        Fd socket = SISKIN_TRY(adopt_connected(Fd(static_cast<int>(*chardev.fd))));
        return server.serve_once(ByteChannel::of_socket(std::move(socket)), monitor.options);
    }
    auto addresses = SISKIN_TRY(addresses_of(chardev));
    if (const std::uint32_t pause = chardev.reconnect.value_or(0); pause != 0) {
        return server.keep_connected(std::move(addresses), std::chrono::seconds(pause),
                                     monitor.options);
    }
    Fd socket = SISKIN_TRY(connect_stream(addresses, interrupt_fd));
    return server.serve_once(ByteChannel::of_socket(std::move(socket)), monitor.options);
}

Result<std::size_t> open_stdio(qmp::Server& server, MonitorEndpoint& monitor) {
    // A person who types QMP sees it by the terminal's own echo; the monitor for people has one.
    SISKIN_TRY(Terminal::take(monitor.readline ? Keys::Raw : Keys::WholeLines));
    monitor.terminal = std::make_unique<TerminalHold>();
    // Invalid where it is closed; then that direction is silent.
    Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    Fd output(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    return server.serve_once(ByteChannel::of_files(std::move(input), std::move(output)),
                             monitor.options);
}

Result<std::size_t> open_pty(qmp::Server& server, MonitorEndpoint& monitor) {
    PseudoTerminal terminal = SISKIN_TRY(PseudoTerminal::open());
    const std::string path = terminal.path;
    const std::size_t index =
        SISKIN_TRY(server.serve_terminal(std::move(terminal), monitor.options));
    monitor.filename = concat("pty:", path);
    // QEMU's words, which tools look for.
    std::printf("char device redirected to %s (label %s)\n", path.c_str(),
                monitor.chardev.id.c_str());
    std::fflush(stdout);
    return index;
}

Result<std::optional<std::size_t>> open_monitor(qmp::Server& server, MonitorEndpoint& monitor,
                                                int interrupt_fd) {
    switch (monitor.chardev.backend) {
        case ChardevBackend::Socket:
            if (is_server(monitor.chardev)) {
                return SISKIN_TRY(listen(server, monitor));
            }
            return SISKIN_TRY(connect(server, monitor, interrupt_fd));
        case ChardevBackend::Stdio: return SISKIN_TRY(open_stdio(server, monitor));
        case ChardevBackend::Pty: return SISKIN_TRY(open_pty(server, monitor));
        default: return std::nullopt;
    }
}

}  // namespace

Result<std::vector<MonitorEndpoint>> take_monitors(MachineConfig& config) {
    std::vector<MonitorEndpoint> monitors;
    for (const QmpUse& use : config.qmp) {
        monitors.push_back(SISKIN_TRY(from_qmp(config, use, monitors.size())));
    }
    for (const OptionUse& use : config.monitors) {
        monitors.push_back(SISKIN_TRY(from_mon(config, use)));
    }
    for (const MonitorEndpoint& monitor : monitors) {
        if (config.daemonize && monitor.chardev.backend == ChardevBackend::Stdio) {
            return fail(concat(monitor.text, ": cannot use stdio with -daemonize"));
        }
    }
    return monitors;
}

Result<> open_monitors(qmp::Server& server, std::vector<MonitorEndpoint>& monitors,
                       int interrupt_fd) {
    for (MonitorEndpoint& monitor : monitors) {
        monitor.index = SISKIN_TRY_IN(monitor.text, open_monitor(server, monitor, interrupt_fd));
    }
    return {};
}

bool wait_for_monitors(qmp::Server& server, const std::vector<MonitorEndpoint>& monitors,
                       int interrupt_fd) {
    for (const MonitorEndpoint& monitor : monitors) {
        const bool waits = is_server(monitor.chardev) && monitor.chardev.wait.value_or(true);
        if (!waits || !monitor.index) {
            continue;
        }
        log::line(concat(monitor.text,
                         ": info: waiting for connection on: disconnected:", monitor.filename));
        if (!server.wait_for_client(*monitor.index, interrupt_fd)) {
            return false;
        }
    }
    return true;
}

}  // namespace siskin
