// SPDX-License-Identifier: Apache-2.0
// info block, from query-block.
#include "base/text.h"
#include "vmm/hmp/commands.h"
#include "vmm/hmp/digits.h"

namespace siskin::hmp {
namespace {

std::string title(const qmp::BlockInfo& disk) {
    const std::string node =
        disk.inserted && disk.inserted->node_name ? *disk.inserted->node_name : "";
    std::string text = disk.device.empty() ? node : disk.device;
    if (!disk.device.empty() && !node.empty()) {
        text += concat(" (", node, ')');
    }
    // As QEMU has it, who has no other name is told by its device.
    if (text.empty()) {
        text = disk.qdev.value_or("");
    }
    if (!disk.inserted) {
        return text + ": [not inserted]\n";
    }
    return concat(text, ": ", disk.inserted->file, " (", disk.inserted->drv,
                  disk.inserted->ro ? ", read-only" : "",
                  disk.inserted->encrypted ? ", encrypted" : "", ")\n");
}

std::string cache_mode(const qmp::BlockDeviceInfo& info) {
    return concat(info.cache.writeback ? "writeback" : "writethrough",
                  info.cache.direct ? ", direct" : "",
                  info.cache.no_flush ? ", ignore flushes" : "");
}

std::string image_lines(const qmp::ImageInfo& image) {
    const auto size = static_cast<std::uint64_t>(image.virtual_size);
    std::string text = concat("\nImages:\nimage: ", image.filename, "\nfile format: ", image.format,
                              "\nvirtual size: ", size_text(size), " (", size, " bytes)\n");
    if (image.actual_size) {
        text +=
            concat("disk size: ", size_text(static_cast<std::uint64_t>(*image.actual_size)), '\n');
    }
    return text;
}

std::string disk_lines(const qmp::BlockInfo& disk, bool verbose) {
    std::string text = title(disk);
    if (disk.qdev) {
        text += concat("    Attached to:      ", *disk.qdev, '\n');
    }
    if (disk.removable) {
        text += concat("    Removable device: ", disk.locked ? "" : "not ", "locked, tray ",
                       disk.tray_open.value_or(false) ? "open" : "closed", '\n');
    }
    if (disk.inserted) {
        text += concat("    Cache mode:       ", cache_mode(*disk.inserted), '\n');
        text += verbose ? image_lines(disk.inserted->image) : "";
    }
    return text;
}

bool is_called(const qmp::BlockInfo& disk, const std::string& name) {
    return disk.device == name || (disk.inserted && disk.inserted->node_name == name);
}

}  // namespace

Result<> info_block(Call& call) {
    const bool verbose = SISKIN_TRY(call.arguments.take_option('v', "v"));
    const auto name = SISKIN_TRY(call.arguments.take_word());
    SISKIN_TRY(call.arguments.finish());
    const auto disks = call.services.block.query_block();
    if (!disks) {
        print_error(call, disks.error());
        return {};
    }
    bool first = true;
    for (const qmp::BlockInfo& disk : *disks) {
        if (!name || is_called(disk, *name)) {
            call.out += concat(first ? "" : "\n", disk_lines(disk, verbose));
        }
        first = false;
    }
    return {};
}

}  // namespace siskin::hmp
