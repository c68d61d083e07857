// SPDX-License-Identifier: Apache-2.0
// Character device back ends over QMP.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/object/device_tree.h"
#include "base/socket_address.h"
#include "base/text.h"
#include "vmm/machine/commands_machine.h"

namespace siskin {
namespace {

template <typename T>
void insert_if(Value::Dict& options, std::string name, const std::optional<T>& value) {
    if (value) {
        options.insert(std::move(name), *value);
    }
}

void insert_socket(Value::Dict& options, const qmp::ChardevSocket& socket) {
    const bool listens = socket.server.value_or(true);
    if (socket.addr.as_inet) {
        const qmp::InetSocketAddress& address = socket.addr.as_inet->data;
        options.insert("host", address.host);
        options.insert("port", address.port);
        insert_if(options, "ipv4", address.ipv4);
        insert_if(options, "ipv6", address.ipv6);
    }
    if (socket.addr.as_unix) {
        options.insert("path", socket.addr.as_unix->data.path);
    }
    options.insert("server", listens);
    insert_if(options, "wait", socket.wait);
    insert_if(options, "nodelay", socket.nodelay);
    insert_if(options, "telnet", socket.telnet);
    insert_if(options, "reconnect", socket.reconnect);
}

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
        insert_socket(options, backend.as_socket->data);
        if (backend.as_socket->data.addr.as_fd) {
            options.insert("fd", backend.as_socket->data.addr.as_fd->data.str);
        }
    }
    return options;
}

// What takes long, or is the process's own, is for the command line: meanwhile no other command
// would run.
Result<> check_runtime(const ChardevConfig& config) {
    if (config.backend == ChardevBackend::Stdio) {
        return fail("'stdio' is for the command line; a running machine leaves it as it is");
    }
    if (config.wait.value_or(false)) {
        return fail("Parameter 'wait' doesn't take value 'true', a running machine does not wait");
    }
    const std::string host = config.host.value_or("");
    if (!host.empty() && host != "localhost" && !is_ip_number(host)) {
        return fail(concat("host '", printable(host),
                           "' is a name; a running machine takes an address, or localhost"));
    }
    return {};
}

std::string add_failed(const std::string& id) {
    return concat("Failed to add chardev '", id, "'");
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

Result<ChardevConfig> ChardevHandlers::config_of(const std::string& id,
                                                 const qmp::ChardevBackend& backend) {
    if (!is_identifier(id)) {
        return fail("Parameter 'id' expects an identifier");
    }
    return config_of(options_of(id, backend));
}

// A number would be any descriptor of this process, so `fd` is a name here.
Result<ChardevConfig> ChardevHandlers::config_of(Value::Dict options) {
    const Value* const passed = options.find("fd");
    const std::optional<std::string> name =
        passed != nullptr ? std::optional(display(*passed)) : std::nullopt;
    if (name) {
        options.set("fd", 0);  // a place for the one that is taken
    }
    ChardevConfig config = SISKIN_TRY(parse_chardev(options));
    SISKIN_TRY(check_runtime(config));
    if (config.server.value_or(false)) {
        config.wait = false;
    }
    if (name) {
        config.fd = static_cast<std::uint32_t>(SISKIN_TRY(descriptors_.take(*name)).release());
    }
    return config;
}

Result<RingChardev*> ChardevHandlers::find_ring(const std::string& device) {
    Chardev* const chardev = machine_.chardevs().find(device);
    if (chardev == nullptr) {
        return fail(concat("Device '", printable(device), "' not found"));
    }
    auto* const ring = dynamic_cast<RingChardev*>(chardev);
    if (ring == nullptr) {
        return fail(concat(device, " is not a ringbuf device"));
    }
    return ring;
}

bool ChardevHandlers::is_monitor(const std::string& id) const {
    return std::any_of(monitors_.begin(), monitors_.end(),
                       [&](const MonitorEndpoint& monitor) { return monitor.chardev.id == id; });
}

Result<> ChardevHandlers::check_is_free(const std::string& id) const {
    if (is_monitor(id) || machine_.chardevs().find(id) != nullptr) {
        return fail(concat("Chardev with id '", id, "' already exists"));
    }
    return {};
}

Result<> ChardevHandlers::check_is_replaceable(const std::string& id) const {
    const Chardev* const old = machine_.chardevs().find(id);
    if (old == nullptr && !is_monitor(id)) {
        return fail(concat("Chardev '", printable(id), "' does not exist"));
    }
    if (old == nullptr || old->in_use()) {
        return fail("Chardev user does not support chardev hotswap");
    }
    return {};
}

// The registry is the VM loop's; MachineLock is not held, as files and sockets are opened here.
Result<qmp::ChardevReturn> ChardevHandlers::make(const ChardevConfig& config) {
    return made(*SISKIN_TRY(machine_.chardevs().add(config, machine_.loop(), machine_.lock())));
}

// The new one is made before the old one goes, so that an error changes nothing.
Result<qmp::ChardevReturn> ChardevHandlers::replace(const ChardevConfig& config) {
    return made(*SISKIN_TRY(machine_.chardevs().replace(config, machine_.loop(), machine_.lock())));
}

Result<qmp::ChardevReturn> ChardevHandlers::chardev_add(const qmp::ChardevAddArguments& arguments) {
    SISKIN_TRY(check_is_free(arguments.id));
    const std::string what = add_failed(arguments.id);
    const ChardevConfig config = SISKIN_TRY_IN(what, config_of(arguments.id, arguments.backend));
    return SISKIN_TRY_IN(what, make(config));
}

Result<qmp::ChardevReturn> ChardevHandlers::add(Value::Dict options) {
    SISKIN_TRY(check_is_free(options.text("id")));
    return make(SISKIN_TRY(config_of(std::move(options))));
}

Result<qmp::ChardevReturn> ChardevHandlers::chardev_change(
    const qmp::ChardevChangeArguments& arguments) {
    SISKIN_TRY(check_is_replaceable(arguments.id));
    const std::string what = add_failed(arguments.id);
    const ChardevConfig config = SISKIN_TRY_IN(what, config_of(arguments.id, arguments.backend));
    return SISKIN_TRY_IN(what, replace(config));
}

Result<qmp::ChardevReturn> ChardevHandlers::change(const std::string& id, Value::Dict options) {
    if (options.find("id") != nullptr) {
        return fail("Unexpected 'id' parameter");
    }
    SISKIN_TRY(check_is_replaceable(id));
    options.insert("id", id);
    const ChardevConfig config = SISKIN_TRY(config_of(std::move(options)));
    return SISKIN_TRY_IN(add_failed(id), replace(config));
}

Result<> ChardevHandlers::chardev_remove(const qmp::ChardevRemoveArguments& arguments) {
    if (is_monitor(arguments.id)) {
        return fail(concat("Chardev '", arguments.id, "' is busy"));
    }
    return machine_.chardevs().remove(arguments.id);
}

Result<> ChardevHandlers::ringbuf_write(const qmp::RingbufWriteArguments& arguments) {
    RingChardev* const ring = SISKIN_TRY(find_ring(arguments.device));
    std::vector<std::uint8_t> bytes(arguments.data.begin(), arguments.data.end());
    if (arguments.format == qmp::DataFormat::Base64) {
        auto decoded = base64_decode(arguments.data);
        if (!decoded) {
            return fail("Base64 data contains invalid characters");
        }
        bytes = std::move(*decoded);
    }
    const MutexLock hold(machine_.lock());
    ring->write(bytes);
    return {};
}

Result<std::string> ChardevHandlers::ringbuf_read(const qmp::RingbufReadArguments& arguments) {
    RingChardev* const ring = SISKIN_TRY(find_ring(arguments.device));
    if (arguments.size <= 0) {
        return fail("size must be greater than zero");
    }
    const MutexLock hold(machine_.lock());
    const auto bytes = ring->take(static_cast<std::size_t>(
        std::min(arguments.size, static_cast<std::int64_t>(kRingReadMax))));
    return arguments.format == qmp::DataFormat::Base64 ? base64_encode(bytes)
                                                       : std::string(bytes.begin(), bytes.end());
}

}  // namespace siskin
