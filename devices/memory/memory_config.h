// SPDX-License-Identifier: Apache-2.0
// MemoryBackendConfig: the options of memory back ends, and the tables that name them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/object/property.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

// On which of the host's NUMA nodes memory is (Linux: set_mempolicy(2)).
enum class HostMemPolicy { Default, Preferred, Bind, Interleave };
inline constexpr std::array<std::string_view, 4> kHostMemPolicyNames{"default", "preferred", "bind",
                                                                     "interleave"};

// Ascending, no number twice.
struct HostNodes {
    std::vector<std::uint16_t> numbers;
};
// Nodes are numbered from 0 to one below this, as in QEMU.
inline constexpr std::uint16_t kHostNodesMax = 128;

// More threads do not fill memory faster on any host there is.
inline constexpr std::uint32_t kPreallocThreadsMax = 256;

enum class MemoryBackendKind { Ram, Memfd, File };
// "memory-backend-ram"
[[nodiscard]] std::string_view type_name(MemoryBackendKind kind);

// Of all kinds; the tables below say which kind takes what.
struct MemoryBackendConfig {
    std::optional<ByteCount> size;
    bool share = false;
    bool prealloc = false;
    std::optional<std::uint32_t> prealloc_threads;
    bool merge = true;
    bool dump = true;
    bool reserve = true;
    HostNodes host_nodes;
    HostMemPolicy policy = HostMemPolicy::Default;
    bool canonical_ram_id = false;
    // memory-backend-memfd
    bool hugetlb = false;
    std::optional<ByteCount> hugetlbsize;
    bool seal = true;
    // memory-backend-file
    std::string mem_path;
    std::optional<ByteCount> align;
    bool discard_data = false;
    bool readonly = false;
    bool pmem = false;
};

// The properties of one kind, and its config with nothing set.
[[nodiscard]] std::span<const PropertyGroup> memory_backend_properties(MemoryBackendKind kind);
[[nodiscard]] MemoryBackendConfig default_memory_config(MemoryBackendKind kind);

// All that can be wrong with the words themselves; nothing is opened. Errors in QEMU's words, where
// it refuses the same.
[[nodiscard]] Result<> check_memory_config(MemoryBackendKind kind,
                                           const MemoryBackendConfig& config);

template <>
struct Codec<HostMemPolicy> {
    static constexpr std::string_view type_name = "HostMemPolicy";
    static std::optional<HostMemPolicy> parse(const Value& value, const NumberRange& range);
    static Value print(HostMemPolicy value);
    static std::string allowed(const NumberRange& range);
};

// A number, "first-last", or a list of these.
template <>
struct Codec<HostNodes> {
    static constexpr std::string_view type_name = "int";
    static std::optional<HostNodes> parse(const Value& value, const NumberRange& range);
    static Value print(const HostNodes& value);
    static std::string allowed(const NumberRange& range);
};

}  // namespace siskin
