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

bool is_server(const ChardevConfig& chardev) {
    return chardev.server.value_or(false);
}

bool is_tcp(const ChardevConfig& chardev) {
    return chardev.host || chardev.port;
}

tl::unexpected<Error> incompatible(std::string_view option, std::string_view with) {
    return fail(concat("'", option, "' option is incompatible with ", with));
}

Result<> check_socket(const ChardevConfig& chardev) {
    const int places =
        (chardev.path.empty() ? 0 : 1) + (chardev.fd ? 1 : 0) + (is_tcp(chardev) ? 1 : 0);
    if (places != 1) {
        return fail("one of 'path', 'fd' and 'host' with 'port' is required");
    }
    if (chardev.host && !chardev.port) {
        return fail("chardev: socket: no port given");
    }
    if (chardev.reconnect && chardev.fd) {
        return incompatible("reconnect", "'fd'");
    }
    if (chardev.reconnect && is_server(chardev)) {
        return incompatible("reconnect", "socket in server listen mode");
    }
    if (chardev.wait && !is_server(chardev)) {
        return incompatible("wait", "socket in client connect mode");
    }
    if (chardev.clients && !is_server(chardev)) {
        return incompatible("x-siskin-clients", "socket in client connect mode");
    }
    return {};
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

std::string socket_name(const ChardevConfig& chardev) {
    if (is_tcp(chardev)) {
        const std::string host = chardev.host.value_or("");
        return concat("tcp:", host.empty() ? "localhost" : host, ":", chardev.port.value_or(0));
    }
    if (!chardev.fd) {
        return concat("unix:", chardev.path);
    }
    const auto local = SocketAddress::local_of(static_cast<int>(*chardev.fd));
    if (!is_server(chardev) || local.text().empty()) {
        return concat("fd:", *chardev.fd);
    }
    return concat(local.family() == AF_UNIX ? "unix:" : "tcp:", local.text());
}

std::string filename_of(const ChardevConfig& chardev) {
    switch (chardev.backend) {
        case ChardevBackend::Socket:
            return concat(socket_name(chardev), is_server(chardev) ? ",server=on" : "");
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

// Whoever reaches a monitor owns the machine.
Result<> check_reach(const ChardevConfig& chardev, const SocketAddress& address) {
    if (address.is_local() || chardev.allow_remote.value_or(false)) {
        return {};
    }
    return fail(concat(address.text(),
                       " is not on this host alone, and monitors ask for no password; "
                       "allow-remote=on allows it"));
}

Result<std::vector<SocketAddress>> addresses_of(const ChardevConfig& chardev) {
    if (!is_tcp(chardev)) {
        return std::vector{SISKIN_TRY(SocketAddress::unix_path(chardev.path))};
    }
    auto addresses = SISKIN_TRY(
        resolve_tcp(chardev.host.value_or(""), static_cast<std::uint16_t>(chardev.port.value_or(0)),
                    chardev.ipv4.value_or(true), chardev.ipv6.value_or(true)));
    for (const SocketAddress& address : addresses) {
        SISKIN_TRY(check_reach(chardev, address));
    }
    return addresses;
}

Result<std::size_t> listen(qmp::Server& server, MonitorEndpoint& monitor) {
    const ChardevConfig& chardev = monitor.chardev;
    if (is_tcp(chardev)) {
        const auto addresses = SISKIN_TRY(addresses_of(chardev));
        Fd socket = SISKIN_TRY(listen_tcp(addresses));
        monitor.filename =
            concat("tcp:", SocketAddress::local_of(socket.get()).text(), ",server=on");
        return server.listen_on(std::move(socket), monitor.options);
    }
    if (!chardev.fd) {
        return server.listen_unix(chardev.path, monitor.options);
    }
    Fd socket(static_cast<int>(*chardev.fd));
    const auto address = SocketAddress::local_of(socket.get());
    if (address.family() == AF_INET || address.family() == AF_INET6) {
        SISKIN_TRY(check_reach(chardev, address));
    }
    return server.listen_on(std::move(socket), monitor.options);
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
