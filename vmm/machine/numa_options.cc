// SPDX-License-Identifier: Apache-2.0
// The forms of -numa.
#include "vmm/machine/numa_options.h"

#include <utility>

#include "base/object/number_list.h"
#include "base/text.h"
#include "vmm/machine/option_syntax.h"

namespace siskin {
namespace {

constexpr InRange kNodeIds{0, kNumaNodesMax - 1};

constexpr std::array kNodeKeys{
    property<&NumaNodeOptions::nodeid>("nodeid", "Its number; the next one.", kNodeIds),
    property<&NumaNodeOptions::cpus>("cpus", "vCPUs: N, N-M; may be repeated."),
    property<&NumaNodeOptions::memdev>("memdev", "The memory back end that is its RAM."),
};

constexpr std::array kDistKeys{
    property<&NumaDistOptions::source>("src", "The node from which.", kNodeIds),
    property<&NumaDistOptions::destination>("dst", "The node to which.", kNodeIds),
    property<&NumaDistOptions::value>("val", "The distance: 10 inside a node, 255 for no way.",
                                      InRange{0, 255}),
};

constexpr std::array kCpuKeys{
    property<&NumaCpuOptions::node_id>("node-id", "The node.", kNodeIds),
    property<&NumaCpuOptions::socket_id>("socket-id", "Only vCPUs of this socket."),
    property<&NumaCpuOptions::die_id>("die-id", "Only vCPUs of this die."),
    property<&NumaCpuOptions::core_id>("core-id", "Only vCPUs of this core."),
    property<&NumaCpuOptions::thread_id>("thread-id", "Only vCPUs of this thread."),
};

constexpr std::array kForms{
    NumaForm{"node", "A node with its vCPUs and its RAM.", kNodeKeys},
    NumaForm{"dist", "The distance between two nodes.", kDistKeys},
    NumaForm{"cpu", "vCPUs of a node, by their place in the topology.", kCpuKeys},
};

template <typename Options>
Result<Options> read(std::span<const PropertyRow> keys, const Value::Dict& members,
                     std::string_view argument) {
    Options options;
    SISKIN_TRY(apply_options(keys, &options, members));
    options.text = concat("-numa ", printable(argument, 512));
    return options;
}

Result<> check_given(bool is_given, std::string_view name) {
    return is_given ? Result<>() : fail(concat("Parameter '", name, "' is missing"));
}

Result<> add_dist(NumaOptions& options, const Value::Dict& members, std::string_view argument) {
    auto dist = SISKIN_TRY(read<NumaDistOptions>(kDistKeys, members, argument));
    SISKIN_TRY(check_given(dist.source.has_value(), "src"));
    SISKIN_TRY(check_given(dist.destination.has_value(), "dst"));
    SISKIN_TRY(check_given(dist.value.has_value(), "val"));
    options.distances.push_back(std::move(dist));
    return {};
}

}  // namespace

Result<> add_numa(NumaOptions& options, std::string_view argument) {
    static constexpr std::array<std::string_view, 1> kRepeated{"cpus"};
    Value::Dict members = SISKIN_TRY(parse_repeated_key_values(argument, "type", kRepeated));
    const std::string type = members.text("type");
    static_cast<void>(members.erase("type"));
    if (type == "node") {
        if (members.find("mem") != nullptr) {
            return fail(
                "Parameter -numa node,mem is not supported by this machine type, use memdev");
        }
        options.nodes.push_back(SISKIN_TRY(read<NumaNodeOptions>(kNodeKeys, members, argument)));
        return {};
    }
    if (type == "cpu") {
        auto cpu = SISKIN_TRY(read<NumaCpuOptions>(kCpuKeys, members, argument));
        SISKIN_TRY(check_given(cpu.node_id.has_value(), "node-id"));
        options.cpus.push_back(std::move(cpu));
        return {};
    }
    if (type == "dist") {
        return add_dist(options, members, argument);
    }
    return fail(concat("Parameter 'type' does not accept value '", printable(type),
                       "', allowed are node, dist and cpu"));
}

std::span<const NumaForm> numa_forms() {
    return kForms;
}

std::optional<CpuList> Codec<CpuList>::parse(const Value& value, const NumberRange&) {
    const auto numbers = parse_number_list(value, kVcpusMax - 1);
    if (!numbers) {
        return std::nullopt;
    }
    CpuList cpus;
    for (const std::uint64_t number : *numbers) {
        cpus.numbers.push_back(static_cast<std::uint32_t>(number));
    }
    return cpus;
}

Value Codec<CpuList>::print(const CpuList& value) {
    Value::List list;
    for (const std::uint32_t number : value.numbers) {
        list.emplace_back(number);
    }
    return list;
}

std::string Codec<CpuList>::allowed(const NumberRange&) {
    return concat("numbers and ranges from 0 to ", kVcpusMax - 1);
}

}  // namespace siskin
