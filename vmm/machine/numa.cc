// SPDX-License-Identifier: Apache-2.0
// From -numa to the nodes of a machine.
#include "vmm/machine/numa.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace siskin {

std::uint32_t NumaTopology::node_of(std::uint32_t vcpu) const {
    for (std::uint32_t node = 0; node < nodes.size(); ++node) {
        const std::vector<std::uint32_t>& cpus = nodes[node].cpus;
        if (std::binary_search(cpus.begin(), cpus.end(), vcpu)) {
            return node;
        }
    }
    return 0;
}

namespace {

// Which node each vCPU has; nothing: no option names it.
using Assignment = std::vector<std::optional<std::uint32_t>>;

Result<std::vector<NumaNode>> plan_nodes(const NumaOptions& options,
                                         std::vector<std::uint32_t>& ids) {
    std::vector<std::optional<NumaNode>> nodes(options.nodes.size());
    for (std::uint32_t index = 0; index < options.nodes.size(); ++index) {
        const NumaNodeOptions& node = options.nodes[index];
        const std::uint32_t id = node.nodeid.value_or(index);
        if (id >= nodes.size()) {
            const auto gap =
                std::find_if(nodes.begin(), nodes.end(), [](const auto& other) { return !other; });
            return fail(concat(node.text, ": numa: Node ID missing: ", gap - nodes.begin()));
        }
        if (nodes[id]) {
            return fail(concat(node.text, ": Duplicate NUMA nodeid: ", id));
        }
        nodes[id] = NumaNode{node.memdev, ByteCount{0}, {}};
        ids.push_back(id);
    }
    std::vector<NumaNode> planned;
    for (auto& node : nodes) {
        planned.push_back(std::move(*node));
    }
    return planned;
}

Result<> assign(Assignment& assignment, std::uint32_t vcpu, std::uint32_t node,
                const std::string& text) {
    if (vcpu >= assignment.size()) {
        return fail(concat(text, ": CPU index (", vcpu, ") should be smaller than maxcpus (",
                           assignment.size(), ")"));
    }
    if (assignment[vcpu] && *assignment[vcpu] != node) {
        return fail(concat(text, ": CPU is already assigned to node-id: ", *assignment[vcpu]));
    }
    assignment[vcpu] = node;
    return {};
}

bool is_at(const NumaCpuOptions& options, const CpuTopology::Place& place) {
    return options.socket_id.value_or(place.socket) == place.socket &&
           options.die_id.value_or(place.die) == place.die &&
           options.core_id.value_or(place.core) == place.core &&
           options.thread_id.value_or(place.thread) == place.thread;
}

Result<> assign_places(Assignment& assignment, const NumaCpuOptions& options,
                       const CpuTopology& topology, std::size_t node_count) {
    if (*options.node_id >= node_count) {
        return fail(concat(options.text, ": Invalid node-id=", *options.node_id,
                           ", NUMA node must be defined with -numa node,nodeid=ID"));
    }
    bool is_found = false;
    for (std::uint32_t vcpu = 0; vcpu < topology.count(); ++vcpu) {
        if (is_at(options, topology.place(vcpu))) {
            is_found = true;
            SISKIN_TRY(assign(assignment, vcpu, *options.node_id, options.text));
        }
    }
    return is_found ? Result<>() : fail(concat(options.text, ": no match found"));
}

void assign_rest(Assignment& assignment, const CpuTopology& topology, std::uint32_t node_count) {
    std::vector<std::string> missing;
    for (std::uint32_t vcpu = 0; vcpu < assignment.size(); ++vcpu) {
        if (!assignment[vcpu]) {
            missing.push_back(std::to_string(vcpu));
        }
    }
    const bool none_is_named = missing.size() == assignment.size();
    if (!none_is_named && !missing.empty()) {
        log::warning(concat("no -numa option names the vCPUs ", join(missing, ", "),
                            ", which go to node 0"));
    }
    for (std::uint32_t vcpu = 0; vcpu < assignment.size(); ++vcpu) {
        const std::uint32_t unasked = none_is_named ? topology.place(vcpu).socket % node_count : 0;
        assignment[vcpu] = assignment[vcpu].value_or(unasked);
    }
}

class Distances {
public:
    explicit Distances(std::size_t nodes) : nodes_(nodes), values_(nodes * nodes) {}

    [[nodiscard]] std::uint8_t& at(std::size_t source, std::size_t destination) {
        return values_[source * nodes_ + destination];
    }

    [[nodiscard]] Result<> add(const NumaDistOptions& dist) {
        const std::uint32_t source = *dist.source;
        const std::uint32_t destination = *dist.destination;
        if (source >= nodes_ || destination >= nodes_) {
            return fail(concat(dist.text,
                               ": Source/Destination NUMA node is missing. Please use '-numa node' "
                               "option to declare it first."));
        }
        if (*dist.value < kNumaDistanceLocal) {
            return fail(concat(dist.text, ": NUMA distance (", *dist.value,
                               ") is invalid, it shouldn't be less than 10."));
        }
        if (source == destination && *dist.value != kNumaDistanceLocal) {
            return fail(concat(dist.text, ": Local distance of node ", source, " should be 10."));
        }
        at(source, destination) = static_cast<std::uint8_t>(*dist.value);
        return {};
    }

    // One direction is enough unless two differ somewhere.
    [[nodiscard]] Result<std::vector<std::uint8_t>> complete() {
        bool is_one_sided = false;
        bool is_asymmetric = false;
        for (std::size_t low = 0; low < nodes_; ++low) {
            at(low, low) = kNumaDistanceLocal;
            for (std::size_t high = low + 1; high < nodes_; ++high) {
                const std::uint8_t up = at(low, high);
                const std::uint8_t down = at(high, low);
                if (up == 0 && down == 0) {
                    return fail(concat("The distance between node ", low, " and ", high,
                                       " is missing, at least one distance value between each "
                                       "nodes should be provided."));
                }
                is_one_sided = is_one_sided || up == 0 || down == 0;
                is_asymmetric = is_asymmetric || (up != 0 && down != 0 && up != down);
                at(low, high) = up == 0 ? down : up;
                at(high, low) = down == 0 ? up : down;
            }
        }
        if (is_one_sided && is_asymmetric) {
            return fail(
                "At least one asymmetrical pair of distances is given, please provide distances "
                "for both directions of all node pairs.");
        }
        return std::move(values_);
    }

private:
    std::size_t nodes_;
    std::vector<std::uint8_t> values_;
};

}  // namespace

Result<NumaTopology> plan_numa(const NumaOptions& options, const CpuTopology& topology) {
    NumaTopology numa;
    std::vector<std::uint32_t> ids;
    numa.nodes = SISKIN_TRY(plan_nodes(options, ids));
    Assignment assignment(topology.count());
    for (std::size_t index = 0; index < options.nodes.size(); ++index) {
        for (const std::uint32_t vcpu : options.nodes[index].cpus.numbers) {
            SISKIN_TRY(assign(assignment, vcpu, ids[index], options.nodes[index].text));
        }
    }
    for (const NumaCpuOptions& cpus : options.cpus) {
        SISKIN_TRY(assign_places(assignment, cpus, topology, numa.nodes.size()));
    }
    Distances distances(numa.nodes.size());
    for (const NumaDistOptions& dist : options.distances) {
        SISKIN_TRY(distances.add(dist));
    }
    if (numa.nodes.empty()) {
        return numa;
    }
    assign_rest(assignment, topology, static_cast<std::uint32_t>(numa.nodes.size()));
    for (std::uint32_t vcpu = 0; vcpu < assignment.size(); ++vcpu) {
        numa.nodes[*assignment[vcpu]].cpus.push_back(vcpu);
    }
    if (!options.distances.empty()) {
        numa.distances = SISKIN_TRY(distances.complete());
    }
    return numa;
}

}  // namespace siskin
