// SPDX-License-Identifier: Apache-2.0
// Block nodes, their names and who is above whom.
#include "vmm/machine/block_graph.h"

#include <algorithm>
#include <utility>

#include "base/object/device_tree.h"
#include "base/text.h"
#include "devices/block/raw_filter.h"
#include "devices/block/throttle_filter.h"
#include "qmp/value_json.h"
#include "vmm/machine/block_drivers.h"
#include "vmm/machine/block_options.h"

namespace siskin {
namespace {

bool is_named(const BlockGraph::Entry& entry, std::string_view name) {
    return !name.empty() && (entry.node->name() == name || entry.drive_id == name);
}

std::string file_name_of_raw(const qmp::BlockdevOptionsRaw& raw, const BlockGraph::Entry& child) {
    if (!raw.offset && !raw.size) {
        return child.filename;
    }
    Value::Dict options{{"driver", "raw"}};
    if (raw.offset) {
        options.insert("offset", *raw.offset);
    }
    if (raw.size) {
        options.insert("size", *raw.size);
    }
    options.insert("file", child.filename);
    return concat("json:", qmp::to_json(Value(std::move(options))));
}

std::string json_text(const std::string& text) {
    return qmp::to_json(Value(text));
}

DetectZeroes detection_of(qmp::BlockdevDetectZeroesOptions detect) {
    using Options = qmp::BlockdevDetectZeroesOptions;
    switch (detect) {
        case Options::On: return DetectZeroes::On;
        case Options::Unmap: return DetectZeroes::Unmap;
        case Options::Off: break;
    }
    return DetectZeroes::Off;
}

}  // namespace

Result<BlockNode*> BlockGraph::add(const qmp::BlockdevOptions& options) {
    const std::size_t before = entries_.size();
    auto added = add_with_children(options);
    if (!added) {
        shrink_to(before);
    }
    return added;
}

Result<BlockNode*> BlockGraph::add_drive(const std::string& id,
                                         const qmp::BlockdevOptions& options) {
    if (!is_identifier(id)) {
        return fail(concat("Parameter 'id' expects an identifier, not '", printable(id), "'"));
    }
    if (find(id) != nullptr) {
        return fail(concat("Duplicate ID '", id, "' for drive"));
    }
    BlockNode* const node = SISKIN_TRY(add(options));
    entries_.back().drive_id = id;
    return node;
}

Result<BlockNode*> BlockGraph::add_with_children(const qmp::BlockdevOptions& options) {
    if (entries_.size() >= kNodesMax) {
        return fail(concat("there are ", entries_.size(), " block nodes, the most is ", kNodesMax));
    }
    std::string name = SISKIN_TRY(name_for(options));
    Entry entry;
    if (const qmp::BlockdevRef* const file = file_of(options)) {
        const Entry* const child = SISKIN_TRY(take_child(*file, name));
        entry = SISKIN_TRY(make_above(options, std::move(name), *child));
    } else {
        entry = SISKIN_TRY(make(options, std::move(name)));
    }
    entry.driver = qmp::to_text(options.driver);
    const qmp::BlockdevCacheOptions cache = options.cache.value_or(qmp::BlockdevCacheOptions{});
    entry.direct = cache.direct.value_or(false);
    entry.no_flush = cache.no_flush.value_or(false);
    entry.detect_zeroes = options.detect_zeroes.value_or(qmp::BlockdevDetectZeroesOptions::Off);
    entry.node->set_detect_zeroes(detection_of(entry.detect_zeroes));
    entries_.push_back(std::move(entry));
    return entries_.back().node.get();
}

Result<std::string> BlockGraph::name_for(const qmp::BlockdevOptions& options) {
    if (!options.node_name) {
        return generated_name();
    }
    const std::string& name = *options.node_name;
    if (!is_identifier(name)) {
        return fail(concat("Invalid node-name: '", printable(name), "'"));
    }
    if (name.size() > kNodeNameMax) {
        return fail(concat("Node name too long: '", printable(name), "', the most is ",
                           kNodeNameMax, " bytes"));
    }
    if (find(name) != nullptr) {
        return fail(concat("Duplicate nodes with node-name='", name, "'"));
    }
    return name;
}

Result<BlockGraph::Entry> BlockGraph::make(const qmp::BlockdevOptions& options, std::string name) {
    NewNode made = SISKIN_TRY(open_node(options, std::move(name)));
    Entry entry;
    entry.node = std::move(made.node);
    entry.filename = std::move(made.filename);
    entry.path = std::move(made.path);
    return entry;
}

Result<const BlockGraph::Entry*> BlockGraph::take_child(const qmp::BlockdevRef& file,
                                                        const std::string& parent) {
    if (file.as_definition) {
        SISKIN_TRY(add_with_children(*file.as_definition));
        entries_.back().own = false;
        if (entries_.back().node->name() == parent) {
            return fail(concat("Duplicate nodes with node-name='", parent, "'"));
        }
        return &entries_.back();
    }
    const Entry* const child = find(*file.as_reference);
    if (child == nullptr) {
        const std::string wanted = printable(*file.as_reference);
        return fail(concat("Cannot find device='", wanted, "' nor node-name='", wanted, "'"));
    }
    return child;
}

Result<BlockGraph::Entry> BlockGraph::make_above(const qmp::BlockdevOptions& options,
                                                 std::string name, const Entry& child) {
    Entry entry;
    entry.path = child.path;
    entry.child = child.node->name();
    const bool read_only = options.read_only.value_or(false);
    const bool unmap = options.discard == qmp::BlockdevDiscardOptions::Unmap;
    if (options.as_throttle) {
        const std::string& wanted = options.as_throttle->throttle_group;
        std::shared_ptr<ThrottleGroup> group = groups_ == nullptr ? nullptr : groups_->find(wanted);
        if (group == nullptr) {
            return fail(concat("Throttle group '", printable(wanted), "' does not exist"));
        }
        entry.filename = concat("json:{\"throttle-group\": ", json_text(wanted),
                                ", \"driver\": \"throttle\", \"file\": ", options_of(child), '}');
        entry.node = std::make_unique<ThrottleFilter>(
            ThrottleFilterOptions{std::move(name), read_only, unmap}, std::move(group),
            *child.node);
        return entry;
    }
    const qmp::BlockdevOptionsRaw& raw = *options.as_raw;
    entry.filename = file_name_of_raw(raw, child);
    entry.node = SISKIN_TRY(RawFilter::create(
        RawFilterOptions{std::move(name), read_only, unmap, raw.offset.value_or(0), raw.size},
        *child.node));
    return entry;
}

std::string BlockGraph::options_of(const Entry& entry) const {
    constexpr std::string_view kJson = "json:";
    if (entry.filename.starts_with(kJson)) {
        return entry.filename.substr(kJson.size());
    }
    std::string text = concat("{\"driver\": ", json_text(entry.driver));
    if (const Entry* const below = find(entry.child)) {
        text += concat(", \"file\": ", options_of(*below));
    } else if (entry.driver != "null-co") {
        text += concat(", \"filename\": ", json_text(entry.filename));
    }
    return text + '}';
}

Result<> BlockGraph::remove(std::string_view node_name) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.node->name() == node_name;
    });
    if (found == entries_.end()) {
        return fail(concat("Failed to find node with node-name='", printable(node_name), "'"));
    }
    if (found->node->is_claimed()) {
        return fail(concat("Node ", node_name, " is in use"));
    }
    if (!found->own || !found->drive_id.empty()) {
        return fail(concat("Node ", node_name, " is not owned by the monitor"));
    }
    if (has_parent(node_name)) {
        return fail(concat("Block device ", node_name, " is in use"));
    }
    erase(found);
    return {};
}

void BlockGraph::erase(std::vector<Entry>::const_iterator entry) {
    std::string next = entry->child;
    entries_.erase(entry);
    // Nodes that were made inside go, too, unless another node was put on them meanwhile.
    while (!next.empty()) {
        const auto inner = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& below) {
            return below.node->name() == next;
        });
        if (inner == entries_.end() || inner->own || has_parent(next) ||
            inner->node->is_claimed()) {
            break;
        }
        next = inner->child;
        entries_.erase(inner);
    }
}

Result<BlockNode*> BlockGraph::add_medium(const qmp::BlockdevOptions& options) {
    BlockNode* const node = SISKIN_TRY(add(options));
    entries_.back().of_drive = true;
    entries_.back().own = false;
    return node;
}

void BlockGraph::remove_unused_media() {
    for (;;) {
        const auto unused = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
            return entry.of_drive && !entry.node->is_claimed() && !has_parent(entry.node->name());
        });
        if (unused == entries_.end()) {
            return;
        }
        erase(unused);
    }
}

Result<BlockNode*> BlockGraph::disk(std::string_view name) const {
    const Entry* const entry = find(name);
    if (entry == nullptr) {
        return fail(concat("Property 'drive' can't find value '", printable(name), "'"));
    }
    return entry->node.get();
}

const BlockGraph::Entry* BlockGraph::find(std::string_view name) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return is_named(entry, name); });
    return found == entries_.end() ? nullptr : &*found;
}

Result<> BlockGraph::check_sole_user(const Entry& entry) const {
    std::string_view above;
    for (const Entry* at = &entry; at != nullptr; at = find(at->child)) {
        const std::string& name = at->node->name();
        const auto other = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& parent) {
            return parent.child == name && parent.node->name() != above;
        });
        if (other != entries_.end()) {
            return fail(
                concat("Node '", name, "' is busy: it is below node '", other->node->name(), "'"));
        }
        if (at != &entry && at->node->is_claimed()) {
            return fail(concat("Node '", name, "' is busy: a device uses it, too"));
        }
        above = name;
    }
    return {};
}

bool BlockGraph::has_parent(std::string_view node_name) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.child == node_name; });
}

// '#' cannot stand in a user's name, so these never clash.
std::string BlockGraph::generated_name() {
    constexpr std::size_t kDigitsFirst = 100;  // three digits at least, as QEMU's have
    return concat("#block", kDigitsFirst + generated_count_++);
}

// From the newest on: a node goes before those below it.
void BlockGraph::shrink_to(std::size_t count) {
    while (entries_.size() > count) {
        entries_.pop_back();
    }
}

}  // namespace siskin
