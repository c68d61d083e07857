// SPDX-License-Identifier: Apache-2.0
// info mtree, info qom-tree and info qtree, from the backend.
#include <algorithm>

#include "base/text.h"
#include "vmm/hmp/commands.h"
#include "vmm/hmp/digits.h"

namespace siskin::hmp {
namespace {

std::string indent(std::size_t depth) {
    return std::string(depth * 2, ' ');
}

std::string number_text(std::uint64_t bits, const std::string& decimal, const std::string& type) {
    return concat(decimal, " (", type == "size" ? size_text(bits) : concat("0x", hex_digits(bits)),
                  ')');
}

std::string property_text(const QtreeDevice::Property& property) {
    if (const bool* const flag = property.value.as_bool()) {
        return *flag ? "true" : "false";
    }
    if (const std::int64_t* const number = property.value.as_int()) {
        return number_text(static_cast<std::uint64_t>(*number), std::to_string(*number),
                           property.type);
    }
    if (const std::uint64_t* const number = property.value.as_uint()) {
        return number_text(*number, std::to_string(*number), property.type);
    }
    if (const std::string* const text = property.value.as_string()) {
        return property.type == kPlainText ? *text : concat('"', *text, '"');
    }
    return "<null>";
}

std::string bus_lines(const QtreeBus& bus, std::size_t depth);

std::string device_lines(const QtreeDevice& device, std::size_t depth) {
    std::string text = concat(indent(depth), "dev: ", device.type, ", id \"", device.id, "\"\n");
    for (const QtreeDevice::Property& property : device.properties) {
        text += concat(indent(depth + 1), property.name, " = ", property_text(property), '\n');
    }
    for (const std::string& fact : device.facts) {
        text += concat(indent(depth + 1), fact, '\n');
    }
    for (const QtreeBus& bus : device.buses) {
        text += bus_lines(bus, depth + 1);
    }
    return text;
}

// As deep as the tree of bridges.
std::string bus_lines(const QtreeBus& bus, std::size_t depth) {
    std::string text =
        concat(indent(depth), "bus: ", bus.name, '\n', indent(depth + 1), "type ", bus.type, '\n');
    for (const QtreeDevice& device : bus.devices) {
        text += device_lines(device, depth + 1);
    }
    return text;
}

std::string node_lines(const QomNode& node, std::size_t depth) {
    std::string text = concat(indent(depth), '/', node.name, " (", node.type, ")\n");
    for (const QomNode& child : node.children) {
        text += node_lines(child, depth + 1);
    }
    return text;
}

// "/machine/peripheral/disk0"; null when there is no such object.
const QomNode* find_node(const QomNode& root, std::string_view path) {
    const QomNode* node = nullptr;
    while (!path.empty()) {
        if (path.front() == '/') {
            path.remove_prefix(1);
            continue;
        }
        const std::string_view name = path.substr(0, path.find('/'));
        path.remove_prefix(name.size());
        if (node == nullptr) {
            node = root.name == name ? &root : nullptr;
        } else {
            const auto found =
                std::find_if(node->children.begin(), node->children.end(),
                             [&](const QomNode& child) { return child.name == name; });
            node = found == node->children.end() ? nullptr : &*found;
        }
        if (node == nullptr) {
            return nullptr;
        }
    }
    return node;
}

std::string range_text(std::uint64_t first, std::uint64_t last, std::string_view kind) {
    return concat(hex_digits(first, 16), '-', hex_digits(last, 16), " (prio 0, ", kind, "): ");
}

std::string region_line(const MappedRegion& region) {
    return concat(range_text(region.first, region.last, region.kind), region.name,
                  region.offset == 0 ? "" : concat(" @", hex_digits(region.offset, 16)), '\n');
}

std::string space_lines(const MappedSpace& space) {
    std::string text = concat("address-space: ", space.name, "\n  ",
                              range_text(0, space.last, "i/o"), space.root, '\n');
    for (const MappedRegion& region : space.regions) {
        text += concat("    ", region_line(region));
    }
    return text + '\n';
}

std::string flat_lines(const MappedSpace& space, std::size_t number) {
    std::string text =
        concat("FlatView #", number, "\n AS \"", space.name, "\", root: ", space.root,
               "\n Root memory region: ", space.root, '\n');
    for (const MappedRegion& region : space.regions) {
        text += concat("  ", region_line(region));
    }
    return text + '\n';
}

}  // namespace

Result<> info_mtree(Call& call) {
    const bool flat = SISKIN_TRY(call.arguments.take_option('f', "f"));
    SISKIN_TRY(call.arguments.finish());
    std::size_t number = 0;
    for (const MappedSpace& space : call.services.backend.address_spaces()) {
        call.out += flat ? flat_lines(space, number++) : space_lines(space);
    }
    return {};
}

Result<> info_qom_tree(Call& call) {
    const auto path = SISKIN_TRY(call.arguments.take_word());
    SISKIN_TRY(call.arguments.finish());
    const QomNode root = call.services.backend.object_tree();
    const QomNode* const node = path ? find_node(root, *path) : &root;
    call.out += node == nullptr ? concat("Path '", *path, "' could not be resolved.\n")
                                : node_lines(*node, 0);
    return {};
}

Result<> info_qtree(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    call.out += bus_lines(call.services.backend.device_tree(), 0);
    return {};
}

}  // namespace siskin::hmp
