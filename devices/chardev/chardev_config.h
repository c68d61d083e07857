// SPDX-License-Identifier: Apache-2.0
// ChardevConfig: a character back end's options, from -chardev, -serial or chardev-add.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/object/property.h"
#include "base/result.h"
#include "base/units.h"
#include "base/value.h"

namespace siskin {

enum class ChardevBackend { Null, File, Stdio, Socket, Pty, Ring };

// Only what the back end's own table names is ever set.
struct ChardevConfig {
    ChardevBackend backend = ChardevBackend::Null;
    std::string id;
    std::string path;            // file, socket
    std::optional<bool> append;  // file; default off
    std::optional<bool> server;  // socket; default off
    std::optional<bool> wait;    // socket that listens; default on
    std::optional<bool> signal;  // stdio; default on
    // A socket of TCP instead of a path.
    std::optional<std::string> host;  // empty: localhost
    std::optional<std::uint32_t> port;
    std::optional<bool> ipv4;                // default on
    std::optional<bool> ipv6;                // default on
    std::optional<bool> allow_remote;        // default off: listen on loopback alone
    std::optional<std::uint32_t> reconnect;  // socket that connects: seconds; 0, the default: never
    std::optional<bool> nodelay;             // only on: small messages always leave at once
    std::optional<bool> telnet;              // socket; default off
    std::optional<std::uint32_t> clients;    // monitor that listens: at a time; default 1
    std::optional<std::uint32_t> fd;  // socket: this descriptor instead of a path; is taken over
    std::optional<ByteCount> size;    // ringbuf; default 64k
};

// One kind of back end: its name for users and its options.
struct ChardevBackendInfo {
    ChardevBackend backend;
    std::string_view name;
    std::string_view alias;  // or empty
    std::string_view description;
    std::span<const PropertyRow> options;  // of ChardevConfig
};

// For -chardev help and the reference.
[[nodiscard]] std::span<const ChardevBackendInfo> chardev_backends();

// From the members "backend", "id" and the back end's options. Errors in QEMU's words: "'bogus' is
// not a valid char driver name", "chardev: no id specified", "Invalid parameter 'x'".
[[nodiscard]] Result<ChardevConfig> parse_chardev(const Value::Dict& arguments);

// From the short form of -serial, -debugcon and -qmp: null, stdio, pty, file:PATH,
// unix:PATH[,KEY=VALUE...] (the path may have its key, or fd=N its place), tcp:HOST:PORT[,...],
// telnet:HOST:PORT[,...].
// "none" and "chardev:ID" are the caller's.
[[nodiscard]] Result<ChardevConfig> parse_chardev_short(std::string_view text, std::string id);

}  // namespace siskin
