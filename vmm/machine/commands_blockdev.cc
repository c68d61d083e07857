// SPDX-License-Identifier: Apache-2.0
// Block nodes over QMP.
#include "vmm/machine/commands_blockdev.h"

#include <optional>
#include <string>

#include <sys/stat.h>

#include "vmm/machine/block_options.h"

namespace siskin {
namespace {

// What the file takes on the host's disk, in bytes; nothing where there is no file.
std::optional<std::int64_t> actual_size(const std::string& path) {
    struct stat status {};
    constexpr std::int64_t kUnit = 512;  // stat(2): st_blocks
    if (path.empty()) {
        return std::nullopt;
    }
    return ::stat(path.c_str(), &status) == 0
               ? std::optional<std::int64_t>(status.st_blocks * kUnit)
               : std::nullopt;
}

}  // namespace

qmp::BlockDeviceInfo block_device_info(const BlockGraph::Entry& entry) {
    qmp::BlockDeviceInfo info;
    info.file = entry.filename;
    info.node_name = entry.node->name();
    info.ro = entry.node->read_only();
    info.drv = entry.driver;
    info.detect_zeroes = entry.detect_zeroes;
    info.cache.writeback = true;
    info.cache.direct = entry.direct;
    info.cache.no_flush = entry.no_flush;
    info.image.filename = entry.filename;
    info.image.format = entry.driver;
    info.image.virtual_size = static_cast<std::int64_t>(entry.node->capacity().value());
    info.image.actual_size = actual_size(entry.path);
    if (!entry.path.empty()) {
        info.image.dirty_flag = false;
    }
    return info;
}

// The graph is the VM loop's; MachineLock is not held, as files are opened here.
Result<> BlockdevHandlers::blockdev_add(const qmp::BlockdevOptions& options) {
    if (!options.node_name) {
        return fail("'node-name' must be specified for the root node");
    }
    const qmp::BlockdevOptions complete = SISKIN_TRY(complete_node_options(options));
    SISKIN_TRY(machine_.blocks().add(complete));
    return {};
}

Result<> BlockdevHandlers::blockdev_del(const qmp::BlockdevDelArguments& arguments) {
    return machine_.blocks().remove(arguments.node_name);
}

Result<std::vector<qmp::BlockDeviceInfo>> BlockdevHandlers::query_named_block_nodes(
    const qmp::QueryNamedBlockNodesArguments&) {
    const auto& entries = machine_.blocks().entries();
    std::vector<qmp::BlockDeviceInfo> infos;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        infos.push_back(block_device_info(*entry));
    }
    return infos;
}

}  // namespace siskin
