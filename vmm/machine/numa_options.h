// SPDX-License-Identifier: Apache-2.0
// -numa: its three forms as they were given, before they become a NumaTopology.
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
#include "vmm/machine/address_plan.h"

namespace siskin {

// Ascending, no number twice.
struct CpuList {
    std::vector<std::uint32_t> numbers;
};

// A number, "first-last", or a list of these.
template <>
struct Codec<CpuList> {
    static constexpr std::string_view type_name = "int";
    static std::optional<CpuList> parse(const Value& value, const NumberRange& range);
    static Value print(const CpuList& value);
    static std::string allowed(const NumberRange& range);
};

// -numa node
struct NumaNodeOptions {
    std::optional<std::uint32_t> nodeid;
    CpuList cpus;
    std::string memdev;
    std::string text;  // the whole option, for messages
};

// -numa dist
struct NumaDistOptions {
    std::optional<std::uint32_t> source;
    std::optional<std::uint32_t> destination;
    std::optional<std::uint32_t> value;
    std::string text;
};

// -numa cpu: all vCPUs at this place of the topology.
struct NumaCpuOptions {
    std::optional<std::uint32_t> node_id;
    std::optional<std::uint32_t> socket_id;
    std::optional<std::uint32_t> die_id;
    std::optional<std::uint32_t> core_id;
    std::optional<std::uint32_t> thread_id;
    std::string text;
};

struct NumaOptions {
    std::vector<NumaNodeOptions> nodes;
    std::vector<NumaDistOptions> distances;
    std::vector<NumaCpuOptions> cpus;
};

inline constexpr std::uint32_t kNumaNodesMax = 128;

// Adds one -numa. Errors: no such form, and those of apply_options().
[[nodiscard]] Result<> add_numa(NumaOptions& options, std::string_view argument);

// What stands behind "-numa FORM,", for help and docs.
struct NumaForm {
    std::string_view name;
    std::string_view description;  // a sentence
    std::span<const PropertyRow> keys;
};
[[nodiscard]] std::span<const NumaForm> numa_forms();

}  // namespace siskin
