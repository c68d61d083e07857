// SPDX-License-Identifier: Apache-2.0
// Character device back ends over QMP.
#include <algorithm>

#include "base/object/device_tree.h"
#include "base/text.h"
#include "vmm/machine/commands_machine.h"

namespace siskin {
namespace {

// The members of a backend of QMP as those of -chardev.
Value::Dict options_of(const std::string& id, const qmp::ChardevBackend& backend) {
    Value::Dict options{{"id", id}, {"backend", qmp::to_text(backend.type)}};
    if (backend.as_file) {
        options.insert("path", backend.as_file->data.out);
        options.insert("append", backend.as_file->data.append.value_or(false));
    }
    for (const auto* const ring : {&backend.as_ringbuf, &backend.as_memory}) {
        if (*ring && (*ring)->data.size) {
            options.insert("size", *(*ring)->data.size);
        }
    }
    if (backend.as_socket) {
        const qmp::ChardevSocket& socket = backend.as_socket->data;
        const bool listens = socket.server.value_or(true);
        options.insert("path", socket.addr.as_unix->data.path);
        options.insert("server", listens);
        if (listens) {
            options.insert("wait", false);
        }
    }
    return options;
}

Result<ChardevConfig> config_of(const std::string& id, const qmp::ChardevBackend& backend) {
    if (!is_identifier(id)) {
        return fail("Parameter 'id' expects an identifier");
    }
    if (backend.as_socket && backend.as_socket->data.wait.value_or(false)) {
        return fail("Parameter 'wait' doesn't take value 'true', a running machine does not wait");
    }
    return parse_chardev(options_of(id, backend));
}

qmp::ChardevReturn made(Chardev& chardev) {
    chardev.begin();
    qmp::ChardevReturn result;
    if (!chardev.pty_path().empty()) {
        result.pty = chardev.pty_path();
    }
    return result;
}

}  // namespace

Result<std::vector<qmp::ChardevInfo>> ChardevHandlers::query_chardev() {
    const MutexLock hold(machine_.lock());
    std::vector<qmp::ChardevInfo> infos;
    for (const auto& chardev : machine_.chardevs().all()) {
        infos.push_back(qmp::ChardevInfo{chardev->id(), chardev->filename(), chardev->in_use()});
    }
    for (const MonitorEndpoint& monitor : monitors_) {
        infos.push_back(qmp::ChardevInfo{monitor.chardev.id, monitor.filename, true});
    }
    return infos;
}

Result<std::vector<qmp::ChardevBackendInfo>> ChardevHandlers::query_chardev_backends() {
    std::vector<qmp::ChardevBackendInfo> infos;
    for (const ChardevBackendInfo& backend : chardev_backends()) {
        infos.push_back(qmp::ChardevBackendInfo{std::string(backend.name)});
    }
    return infos;
}

Result<> ChardevHandlers::check_is_free(const std::string& id) const {
    const bool is_monitor =
        std::any_of(monitors_.begin(), monitors_.end(),
                    [&](const MonitorEndpoint& monitor) { return monitor.chardev.id == id; });
    if (is_monitor || machine_.chardevs().find(id) != nullptr) {
        return fail(concat("Chardev with id '", id, "' already exists"));
    }
    return {};
}

// The registry is the VM loop's; MachineLock is not held, as files and sockets are opened here.
Result<qmp::ChardevReturn> ChardevHandlers::chardev_add(const qmp::ChardevAddArguments& arguments) {
    const ChardevConfig config = SISKIN_TRY(config_of(arguments.id, arguments.backend));
    SISKIN_TRY(check_is_free(arguments.id));
    Chardev* const chardev =
        SISKIN_TRY_IN(concat("Failed to add chardev '", arguments.id, "'"),
                      machine_.chardevs().add(config, machine_.loop(), machine_.lock()));
    return made(*chardev);
}

// The new one is made before the old one goes, so that an error changes nothing.
Result<qmp::ChardevReturn> ChardevHandlers::chardev_change(
    const qmp::ChardevChangeArguments& arguments) {
    const ChardevConfig config = SISKIN_TRY(config_of(arguments.id, arguments.backend));
    const Chardev* const old = machine_.chardevs().find(arguments.id);
    if (old == nullptr) {
        return fail(concat("Chardev '", arguments.id, "' does not exist"));
    }
    if (old->in_use()) {
        return fail("Chardev user does not support chardev hotswap");
    }
    Chardev* const chardev =
        SISKIN_TRY_IN(concat("Failed to add chardev '", arguments.id, "'"),
                      machine_.chardevs().replace(config, machine_.loop(), machine_.lock()));
    return made(*chardev);
}

Result<> ChardevHandlers::chardev_remove(const qmp::ChardevRemoveArguments& arguments) {
    const bool is_monitor = std::any_of(
        monitors_.begin(), monitors_.end(),
        [&](const MonitorEndpoint& monitor) { return monitor.chardev.id == arguments.id; });
    if (is_monitor) {
        return fail(concat("Chardev '", arguments.id, "' is busy"));
    }
    return machine_.chardevs().remove(arguments.id);
}

}  // namespace siskin
