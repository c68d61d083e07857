// SPDX-License-Identifier: Apache-2.0
// Objects made and removed over QMP, and what is told of I/O threads and memory.
#include "base/object/device_tree.h"
#include "base/text.h"
#include "vmm/machine/commands_qom.h"

namespace siskin {

Result<> ObjectHandlers::object_add(const qmp::ObjectOptions& arguments) {
    return add(arguments.given);
}

Result<> ObjectHandlers::add(const Value::Dict& members) {
    const std::string id = members.text("id");
    if (members.find("id") != nullptr && !is_identifier(id)) {
        return fail("Parameter 'id' expects an identifier");
    }
    if (machine_.objects().find(id) != nullptr) {
        return fail(
            concat("attempt to add duplicate property '", id, "' to object (type 'container')"));
    }
    return machine_.add_object(members);
}

Result<> ObjectHandlers::object_del(const qmp::ObjectDelArguments& arguments) {
    return machine_.remove_object(arguments.id);
}

Result<std::vector<qmp::IOThreadInfo>> ObjectHandlers::query_iothreads() {
    std::vector<qmp::IOThreadInfo> infos;
    for (const IoThreads::Entry& entry : machine_.io_threads().entries()) {
        if (!entry.id.empty()) {
            qmp::IOThreadInfo info;
            info.id = entry.id;
            info.thread_id = entry.thread->thread_id();
            info.poll_max_ns = static_cast<std::int64_t>(entry.config.poll_max_ns);
            info.poll_grow = entry.config.poll_grow;
            info.poll_shrink = entry.config.poll_shrink;
            infos.push_back(std::move(info));
        }
    }
    return infos;
}

Result<std::vector<qmp::Memdev>> ObjectHandlers::query_memdev() {
    std::vector<qmp::Memdev> infos;
    for (const MemoryBackends::Entry& entry : machine_.memory_backends().entries()) {
        const MemoryBackendConfig& config = entry.memory->config();
        qmp::Memdev info;
        info.id = entry.memory->id();
        info.size = entry.memory->size().value();
        info.merge = config.merge;
        info.dump = config.dump;
        info.prealloc = config.prealloc;
        info.share = config.share;
        info.reserve = config.reserve;
        info.host_nodes = config.host_nodes.numbers;
        // The same names in the same order; static_assert below.
        info.policy = static_cast<qmp::HostMemPolicy>(config.policy);
        infos.push_back(std::move(info));
    }
    return infos;
}

static_assert(static_cast<int>(qmp::HostMemPolicy::Default) ==
                  static_cast<int>(HostMemPolicy::Default) &&
              static_cast<int>(qmp::HostMemPolicy::Preferred) ==
                  static_cast<int>(HostMemPolicy::Preferred) &&
              static_cast<int>(qmp::HostMemPolicy::Bind) == static_cast<int>(HostMemPolicy::Bind) &&
              static_cast<int>(qmp::HostMemPolicy::Interleave) ==
                  static_cast<int>(HostMemPolicy::Interleave));

}  // namespace siskin
