// SPDX-License-Identifier: Apache-2.0
// The monitors of the command line.
#include "vmm/machine/monitors.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/unix_socket.h"
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

Result<> check_listener(const ChardevConfig& chardev) {
    if (chardev.backend != ChardevBackend::Socket) {
        return fail("a monitor needs a Unix socket: unix:PATH,server=on or -chardev socket");
    }
    if (!chardev.server.value_or(false)) {
        return fail("a monitor listens: add server=on, and wait=off to start without a client");
    }
    return {};
}

Result<MonitorListener> listener_of(ChardevConfig chardev, std::string text) {
    SISKIN_TRY_IN(text, check_listener(chardev));
    if (chardev.fd) {
        chardev.path = unix_socket_path(static_cast<int>(*chardev.fd));
    }
    return MonitorListener{std::move(chardev), std::move(text)};
}

Result<MonitorListener> from_qmp(MachineConfig& config, const std::string& argument,
                                 std::size_t number) {
    const std::string text = concat("-qmp ", printable(argument));
    ChardevConfig chardev;
    if (argument.starts_with(kChardevPrefix)) {
        chardev = SISKIN_TRY_IN(text, take_chardev(config, argument.substr(kChardevPrefix.size())));
    } else {
        chardev =
            SISKIN_TRY_IN(text, parse_chardev_short(argument, concat("compat_monitor", number)));
    }
    return listener_of(std::move(chardev), text);
}

Result<MonitorListener> from_mon(MachineConfig& config, const OptionUse& use) {
    MonitorOptions options;
    SISKIN_TRY_IN(use.text, apply_options(option_keys("mon"), &options, use.members));
    if (options.mode != "control") {
        return fail(concat(use.text, ": Parameter 'mode' doesn't take value '",
                           printable(options.mode), "', allowed is control"));
    }
    if (options.pretty) {
        return fail(
            concat(use.text, ": Parameter 'pretty' doesn't take value 'on', allowed is off"));
    }
    ChardevConfig chardev = SISKIN_TRY_IN(use.text, take_chardev(config, options.chardev));
    return listener_of(std::move(chardev), use.text);
}

}  // namespace

Result<std::vector<MonitorListener>> take_monitors(MachineConfig& config) {
    std::vector<MonitorListener> monitors;
    for (const std::string& argument : config.qmp) {
        monitors.push_back(SISKIN_TRY(from_qmp(config, argument, monitors.size())));
    }
    for (const OptionUse& use : config.monitors) {
        monitors.push_back(SISKIN_TRY(from_mon(config, use)));
    }
    return monitors;
}

Result<> listen_monitors(qmp::Server& server, const std::vector<MonitorListener>& monitors) {
    for (const MonitorListener& monitor : monitors) {
        if (monitor.chardev.fd) {
            SISKIN_TRY_IN(monitor.text,
                          server.listen_on(Fd(static_cast<int>(*monitor.chardev.fd))));
        } else {
            SISKIN_TRY_IN(monitor.text, server.listen_unix(monitor.chardev.path));
        }
    }
    return {};
}

bool wait_for_monitors(qmp::Server& server, const std::vector<MonitorListener>& monitors,
                       int interrupt_fd) {
    for (std::size_t index = 0; index < monitors.size(); ++index) {
        if (!monitors[index].chardev.wait.value_or(true)) {
            continue;
        }
        log::line(concat(monitors[index].text, ": info: waiting for connection on: disconnected:",
                         monitor_filename(monitors[index])));
        if (!server.wait_for_client(index, interrupt_fd)) {
            return false;
        }
    }
    return true;
}

std::string monitor_filename(const MonitorListener& monitor) {
    return concat("unix:", monitor.chardev.path, ",server=on");
}

}  // namespace siskin
