// SPDX-License-Identifier: Apache-2.0
// info memdev, memory_size_summary and numa.
#include "base/text.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

std::string_view flag(bool value) {
    return value ? "true" : "false";
}

std::string numbers(const auto& list) {
    std::string text;
    for (const auto number : list) {
        text += concat(text.empty() ? "" : " ", number);
    }
    return text;
}

std::string backend_text(const qmp::Memdev& backend) {
    return concat("memory backend: ", backend.id.value_or(""), "\n  size:  ", backend.size,
                  "\n  merge: ", flag(backend.merge), "\n  dump: ", flag(backend.dump),
                  "\n  prealloc: ", flag(backend.prealloc), "\n  share: ", flag(backend.share),
                  "\n  reserve: ", flag(backend.reserve.value_or(true)),
                  "\n  policy: ", to_text(backend.policy),
                  "\n  host nodes: ", numbers(backend.host_nodes), '\n');
}

}  // namespace

Result<> info_memdev(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    const auto backends = call.services.objects.query_memdev();
    if (!backends) {
        print_error(call, backends.error());
        return {};
    }
    for (const qmp::Memdev& backend : *backends) {
        call.out += backend_text(backend);
    }
    call.out += '\n';
    return {};
}

Result<> info_memory_size_summary(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    const auto summary = call.services.machine.query_memory_size_summary();
    if (!summary) {
        print_error(call, summary.error());
        return {};
    }
    call.out += concat("base memory: ", summary->base_memory, '\n');
    if (summary->plugged_memory) {
        call.out += concat("plugged memory: ", *summary->plugged_memory, '\n');
    }
    return {};
}

// Nothing can be plugged in yet, so nothing is.
Result<> info_numa(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    const std::vector<NumaNodeInfo> nodes = call.services.backend.numa_nodes();
    call.out += concat(nodes.size(), " nodes\n");
    for (std::size_t node = 0; node < nodes.size(); ++node) {
        const std::string cpus = numbers(nodes[node].cpus);
        call.out += concat("node ", node, " cpus:", cpus.empty() ? "" : " ", cpus, '\n');
        call.out += concat("node ", node, " size: ", nodes[node].size >> 20U, " MB\n");
        call.out += concat("node ", node, " plugged: 0 MB\n");
    }
    return {};
}

}  // namespace siskin::hmp
