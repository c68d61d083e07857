// SPDX-License-Identifier: Apache-2.0
// Reading a character back end's options.
#include "devices/chardev/chardev_config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/object/device_tree.h"
#include "base/text.h"

namespace siskin {
namespace {

constexpr std::string_view kFilePrefix = "file:";
constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kTcpPrefix = "tcp:";
constexpr std::string_view kTelnetPrefix = "telnet:";

constexpr std::array kFileOptions{
    property<&ChardevConfig::path>("path", "The file to write to."),
    property<&ChardevConfig::append>("append", "Add to the file instead of emptying it."),
};
constexpr std::array kStdioOptions{
    property<&ChardevConfig::signal>("signal", "Let ^C and the like reach the process."),
};
constexpr std::array kSocketOptions{
    property<&ChardevConfig::path>("path", "The path of the Unix socket."),
    property<&ChardevConfig::fd>("fd", "An open socket to take over instead.",
                                 InRange{0, 0x7fffffff}),
    property<&ChardevConfig::server>("server", "Listen instead of connecting."),
    property<&ChardevConfig::wait>("wait", "Wait for the first client before starting."),
    property<&ChardevConfig::host>("host", "TCP: a name or an address."),
    property<&ChardevConfig::port>("port", "TCP: the port; a listener's may be 0, any.",
                                   InRange{0, 65535}),
    property<&ChardevConfig::ipv4>("ipv4", "TCP: use IPv4."),
    property<&ChardevConfig::ipv6>("ipv6", "TCP: use IPv6."),
    property<&ChardevConfig::allow_remote>(
        "allow-remote", "TCP: may listen at other addresses than this host's own."),
    property<&ChardevConfig::reconnect>(
        "reconnect", "Connecting: seconds until it tries again; 0 is never.", InRange{0, 86400}),
    property<&ChardevConfig::nodelay>("nodelay", "Only on: small messages leave at once."),
    property<&ChardevConfig::telnet>("telnet", "The peer is a telnet program."),
    property<&ChardevConfig::clients>("x-siskin-clients", "A listening monitor: clients at a time.",
                                      InRange{1, 16}),
};
constexpr std::array kRingOptions{
    property<&ChardevConfig::size>("size", "Bytes to keep, a power of two."),
};

constexpr std::array kBackends{
    ChardevBackendInfo{ChardevBackend::File, "file", "", "Output to a file.", kFileOptions},
    ChardevBackendInfo{ChardevBackend::Null, "null", "", "Nothing in, nothing out.", {}},
    ChardevBackendInfo{ChardevBackend::Pty, "pty", "", "A pseudo terminal.", {}},
    ChardevBackendInfo{ChardevBackend::Ring, "ringbuf", "memory", "Output kept in memory.",
                       kRingOptions},
    ChardevBackendInfo{ChardevBackend::Socket, "socket", "", "A Unix socket, or TCP.",
                       kSocketOptions},
    ChardevBackendInfo{ChardevBackend::Stdio, "stdio", "", "The process's own terminal.",
                       kStdioOptions},
};

std::string text_member(const Value::Dict& arguments, std::string_view name) {
    const Value* const value = arguments.find(name);
    const std::string* const text = value != nullptr ? value->as_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

Result<> set_option(ChardevConfig& config, const ChardevBackendInfo& info, std::string_view name,
                    const Value& value) {
    const auto row =
        std::find_if(info.options.begin(), info.options.end(),
                     [&](const PropertyRow& candidate) { return candidate.name == name; });
    if (row == info.options.end()) {
        return fail(concat("Invalid parameter '", printable(name), "'"));
    }
    if (row->set(&config, value, row->range)) {
        return {};
    }
    if (row->type_name == Codec<bool>::type_name) {
        return fail(concat("Parameter '", name, "' expects 'on' or 'off'"));
    }
    return fail(concat("Parameter '", name, "' doesn't take value '", printable(display(value)),
                       "', allowed is ", row->allowed(row->range)));
}

// The options after "unix:PATH," and "tcp:HOST:PORT,": on and off may be left out, as may the no of
// "nowait".
Result<> set_short_option(ChardevConfig& config, const ChardevBackendInfo& info,
                          std::string_view option) {
    if (option == "nowait") {
        return set_option(config, info, "wait", "off");
    }
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos) {
        return set_option(config, info, option, "on");
    }
    return set_option(config, info, option.substr(0, equals), option.substr(equals + 1));
}

std::string backend_names() {
    std::vector<std::string> names;
    for (const ChardevBackendInfo& info : kBackends) {
        names.emplace_back(info.name);
    }
    return join(names, ", ");
}

const ChardevBackendInfo& info_of(ChardevBackend backend) {
    const auto found = std::find_if(kBackends.begin(), kBackends.end(),
                                    [&](const auto& info) { return info.backend == backend; });
    return *found;
}

// "HOST:PORT" or "[ADDRESS]:PORT"
Result<> set_host_and_port(ChardevConfig& config, std::string_view text) {
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon);
    const bool in_brackets = host.starts_with('[') && host.ends_with(']');
    const bool is_bare = host.find(':') == std::string_view::npos;
    if (colon == std::string_view::npos || !(in_brackets || is_bare)) {
        return fail(concat("'", printable(text), "' is not HOST:PORT or [ADDRESS]:PORT"));
    }
    if (in_brackets) {
        host = host.substr(1, host.size() - 2);
    }
    config.host = std::string(host);
    return set_option(config, info_of(config.backend), "port", text.substr(colon + 1));
}

// The path, unless the first item has a key of its own: "unix:fd=3,server=on".
Result<> set_path(ChardevConfig& config, std::string_view text) {
    if (text.starts_with("fd=") || text.starts_with("path=")) {
        return set_short_option(config, info_of(config.backend), text);
    }
    config.path = text;
    return {};
}

// "unix:...", "tcp:..." or "telnet:..."
Result<> set_socket(ChardevConfig& config, std::string_view text) {
    config.backend = ChardevBackend::Socket;
    const bool is_tcp = !text.starts_with(kUnixPrefix);
    if (text.starts_with(kTelnetPrefix)) {
        config.telnet = true;
    }
    text.remove_prefix(text.find(':') + 1);
    std::size_t comma = text.find(',');
    const std::string_view first = text.substr(0, comma);
    SISKIN_TRY(is_tcp ? set_host_and_port(config, first) : set_path(config, first));
    while (comma != std::string_view::npos) {
        text.remove_prefix(comma + 1);
        comma = text.find(',');
        SISKIN_TRY(set_short_option(config, info_of(config.backend), text.substr(0, comma)));
    }
    return {};
}

}  // namespace

std::span<const ChardevBackendInfo> chardev_backends() {
    return kBackends;
}

Result<ChardevConfig> parse_chardev(const Value::Dict& arguments) {
    ChardevConfig config;
    config.id = text_member(arguments, "id");
    if (config.id.empty()) {
        return fail("chardev: no id specified");
    }
    if (!is_identifier(config.id)) {
        return fail(concat("Parameter 'id' expects an identifier, not '", printable(config.id),
                           "': a letter, then letters, digits, '-', '.', '_'"));
    }
    const std::string backend = text_member(arguments, "backend");
    if (backend.empty()) {
        return fail(concat("chardev: \"", config.id, "\" missing backend"));
    }
    const auto info = std::find_if(kBackends.begin(), kBackends.end(), [&](const auto& candidate) {
        return candidate.name == backend || candidate.alias == backend;
    });
    if (info == kBackends.end()) {
        return fail(concat("'", printable(backend),
                           "' is not a valid char driver name, allowed are ", backend_names()));
    }
    config.backend = info->backend;
    for (const auto& [name, value] : arguments) {
        if (name != "backend" && name != "id") {
            SISKIN_TRY(set_option(config, *info, name, value));
        }
    }
    return config;
}

Result<ChardevConfig> parse_chardev_short(std::string_view text, std::string id) {
    ChardevConfig config;
    config.id = std::move(id);
    if (text.starts_with(kFilePrefix)) {
        config.backend = ChardevBackend::File;
        config.path = text.substr(kFilePrefix.size());
        return config;
    }
    if (text.starts_with(kUnixPrefix) || text.starts_with(kTcpPrefix) ||
        text.starts_with(kTelnetPrefix)) {
        SISKIN_TRY(set_socket(config, text));
        return config;
    }
    for (const ChardevBackend backend :
         {ChardevBackend::Null, ChardevBackend::Stdio, ChardevBackend::Pty}) {
        if (text == info_of(backend).name) {
            config.backend = backend;
            return config;
        }
    }
    return fail(concat("'", printable(text),
                       "' is not a valid char driver, allowed are null, stdio, pty, file:PATH, "
                       "unix:PATH, tcp:HOST:PORT, telnet:HOST:PORT, chardev:ID"));
}

}  // namespace siskin
