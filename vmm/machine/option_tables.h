// SPDX-License-Identifier: Apache-2.0
// The tables of keys that structured options take; help and docs print from them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/log.h"
#include "base/object/property.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// -smp, before it becomes a topology.
struct SmpOptions {
    std::optional<std::uint32_t> cpus;
    std::optional<std::uint32_t> sockets;
    std::optional<std::uint32_t> dies;
    std::optional<std::uint32_t> cores;
    std::optional<std::uint32_t> threads;
    std::optional<std::uint32_t> maxcpus;
};

struct MemoryOptions {
    std::string size;  // a bare number is MiB here, unlike in every other size
    std::optional<std::uint32_t> slots;
    std::optional<ByteCount> maxmem;
};

struct MessageOptions {
    bool timestamp = false;
};

struct AccelOptions {
    std::string accel;
};

struct GlobalOptions {
    std::string driver;
    std::string property;
    std::string value;
};

// What -d takes.
struct LogItem {
    std::string_view name;
    std::string_view description;
    log::Topic topic;
};
inline constexpr std::array kLogItems{
    LogItem{"qmp", "each QMP command: its name, a digest of its id, result and duration",
            log::Topic::Qmp},
};

// The keys of the option of that name ("smp"); empty when it takes no key=value list.
[[nodiscard]] std::span<const PropertyRow> option_keys(std::string_view option);

}  // namespace siskin
