// SPDX-License-Identifier: Apache-2.0
// Block nodes from their options.
#include "vmm/machine/block_graph.h"

#include <algorithm>
#include <array>

#include "base/object/device_tree.h"
#include "base/object/property.h"
#include "base/text.h"
#include "devices/block/raw_file.h"
#include "vmm/machine/option_syntax.h"

namespace siskin {
namespace {

// What every node takes.
struct NodeOptions {
    std::string driver;
    std::string node_name;
    std::string filename;
    std::string discard = "ignore";
    std::string detect_zeroes = "off";
    std::string aio = "io_uring";
    std::string locking = "auto";
    bool read_only = false;
    bool auto_read_only = false;
};

constexpr std::array kRawKeys{
    property<&NodeOptions::driver>("driver", "raw"),
    property<&NodeOptions::node_name>("node-name", "The node's name."),
    property<&NodeOptions::discard>("discard", "ignore or unmap; disks offer no discard yet."),
    property<&NodeOptions::detect_zeroes>("detect-zeroes", "off"),
    property<&NodeOptions::read_only>("read-only", "Whether nothing may be written."),
    property<&NodeOptions::auto_read_only>("auto-read-only", "Read-only where it must be."),
};

constexpr std::array kProtocolKeys{
    property<&NodeOptions::driver>("driver", "file or host_device"),
    property<&NodeOptions::node_name>("node-name", "The node's name."),
    property<&NodeOptions::filename>("filename", "The file or block device."),
    property<&NodeOptions::discard>("discard", "ignore or unmap; disks offer no discard yet."),
    property<&NodeOptions::detect_zeroes>("detect-zeroes", "off"),
    property<&NodeOptions::aio>("aio", "io_uring or threads"),
    property<&NodeOptions::locking>("locking", "auto, on or off: the lock against other users."),
    property<&NodeOptions::read_only>("read-only", "Whether nothing may be written."),
    property<&NodeOptions::auto_read_only>("auto-read-only", "Read-only where it must be."),
};

struct CacheOptions {
    bool direct = false;
    bool no_flush = false;
};
constexpr std::array kCacheKeys{
    property<&CacheOptions::direct>("direct", "Bypass the host's page cache; only off."),
    property<&CacheOptions::no_flush>("no-flush", "Ignore flushes; only off."),
};

// A "raw" node: the child's bytes under another name, perhaps read-only.
class RawFormat final : public BlockNode {
public:
    RawFormat(std::string name, BlockNode& child, bool read_only)
        : name_(std::move(name)), child_(child), read_only_(read_only) {}

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] ByteCount capacity() const override { return child_.capacity(); }
    [[nodiscard]] bool read_only() const override { return read_only_ || child_.read_only(); }
    [[nodiscard]] std::uint32_t block_size() const override { return child_.block_size(); }
    [[nodiscard]] BlockNodeLimits limits() const override { return child_.limits(); }
    [[nodiscard]] Result<> resize(ByteCount size) override {
        return read_only_ ? fail(concat("block node '", name_, "' is read-only"))
                          : child_.resize(size);
    }
    [[nodiscard]] Result<> claim(ImageUse use) override { return child_.claim(use); }
    void release() override { child_.release(); }
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> create_engine(
        std::size_t operations_max) override {
        return child_.create_engine(operations_max);
    }

private:
    std::string name_;
    BlockNode& child_;
    bool read_only_;
};

Result<> check_value(std::string_view key, const std::string& value,
                     std::initializer_list<std::string_view> allowed) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) {
        return {};
    }
    return fail(concat("Parameter '", key, "' does not accept value '", printable(value),
                       "', allowed are ",
                       join(std::vector<std::string>(allowed.begin(), allowed.end()), ", ")));
}

Result<NodeOptions> read_node_options(std::span<const PropertyRow> keys,
                                      const Value::Dict& members) {
    Value::Dict plain = members;
    CacheOptions cache;
    if (const Value* const given = members.find("cache")) {
        const Value::Dict* const dict = given->as_dict();
        if (dict == nullptr) {
            return fail("Invalid parameter type for 'cache', expected: object");
        }
        SISKIN_TRY_IN("cache", apply_options(kCacheKeys, &cache, *dict));
        plain.erase("cache");
    }
    if (cache.direct || cache.no_flush) {
        return fail(concat("Parameter 'cache.", cache.direct ? "direct" : "no-flush",
                           "' doesn't take value 'on', allowed is off"));
    }
    plain.erase("file");
    NodeOptions options;
    SISKIN_TRY(apply_options(keys, &options, plain));
    SISKIN_TRY(check_value("discard", options.discard, {"ignore", "off", "unmap", "on"}));
    SISKIN_TRY(check_value("detect-zeroes", options.detect_zeroes, {"off"}));
    SISKIN_TRY(check_value("aio", options.aio, {"io_uring", "threads"}));
    SISKIN_TRY(check_value("locking", options.locking, {"auto", "on", "off"}));
    return options;
}

bool is_named(const BlockGraph::Entry& entry, std::string_view name) {
    return !name.empty() && (entry.node->name() == name || entry.drive_id == name);
}

}  // namespace

Result<BlockNode*> BlockGraph::add(const Value::Dict& members) {
    const auto before = static_cast<std::ptrdiff_t>(entries_.size());
    auto added = add_with_children(members);
    if (!added) {
        entries_.erase(entries_.begin() + before, entries_.end());
    }
    return added;
}

Result<BlockNode*> BlockGraph::add_with_children(const Value::Dict& members) {
    const std::string driver = members.text("driver");
    if (driver.empty()) {
        return fail("Parameter 'driver' is missing, allowed are raw, file, host_device");
    }
    std::string name = members.text("node-name");
    if (name.empty()) {
        name = generated_name();
    } else if (!is_identifier(name)) {
        return fail(concat("Invalid node-name: '", printable(name), "'"));
    }
    if (find(name) != nullptr) {
        return fail(concat("Duplicate nodes with node-name='", name, "'"));
    }
    Entry entry;
    if (driver == "raw") {
        entry = SISKIN_TRY(make_raw_node(std::move(name), members));
    } else if (driver == "file" || driver == "host_device") {
        entry = SISKIN_TRY(make_protocol_node(driver, std::move(name), members));
    } else {
        return fail(concat("Parameter 'driver' does not accept value '", printable(driver),
                           "', allowed are raw, file, host_device"));
    }
    entries_.push_back(std::move(entry));
    return entries_.back().node.get();
}

Result<BlockNode*> BlockGraph::add_drive(const std::string& id, const Value::Dict& members) {
    if (!is_identifier(id)) {
        return fail(concat("Parameter 'id' expects an identifier, not '", printable(id), "'"));
    }
    if (find(id) != nullptr) {
        return fail(concat("Duplicate ID '", id, "' for drive"));
    }
    BlockNode* const node = SISKIN_TRY(add(members));
    entries_.back().drive_id = id;
    return node;
}

Result<BlockGraph::Entry> BlockGraph::make_protocol_node(const std::string& driver,
                                                         std::string name,
                                                         const Value::Dict& members) {
    const NodeOptions options = SISKIN_TRY(read_node_options(kProtocolKeys, members));
    if (options.filename.empty()) {
        return fail("Parameter 'filename' is missing");
    }
    RawFileOptions file;
    file.node_name = std::move(name);
    file.path = options.filename;
    file.read_only = options.read_only;
    file.aio = options.aio == "threads" ? BlockAio::Threads : BlockAio::Uring;
    file.locking = options.locking != "off";
    auto node = RawFile::open(file);
    if (!node && options.auto_read_only && !options.read_only) {
        file.read_only = true;
        node = RawFile::open(file);
    }
    if (!node) {
        return fail(std::move(node).error());
    }
    return Entry{std::move(*node), driver, options.filename, "", ""};
}

Result<BlockGraph::Entry> BlockGraph::make_raw_node(std::string name, const Value::Dict& members) {
    const NodeOptions options = SISKIN_TRY(read_node_options(kRawKeys, members));
    const Value* const file = members.find("file");
    if (file == nullptr) {
        return fail("Parameter 'file' is missing: a node-name, or a node's own members");
    }
    std::string child_name;
    if (const std::string* const reference = file->as_string()) {
        child_name = *reference;
    } else if (const Value::Dict* const inner = file->as_dict()) {
        Value::Dict child = *inner;
        if (child.find("read-only") == nullptr && options.read_only) {
            child.insert("read-only", true);
        }
        child_name = SISKIN_TRY_IN("file", add(child))->name();
        if (child_name == name) {
            return fail(concat("Duplicate nodes with node-name='", name, "'"));
        }
    } else {
        return fail("Invalid parameter type for 'file', expected: string or object");
    }
    Entry* const child = SISKIN_TRY(find_free(child_name));
    child->parent = name;
    auto node = std::make_unique<RawFormat>(std::move(name), *child->node, options.read_only);
    return Entry{std::move(node), "raw", child->filename, "", ""};
}

Result<BlockNode*> BlockGraph::disk(std::string_view name) const {
    const Entry* const entry = find(name);
    if (entry == nullptr) {
        return fail(concat("Property 'drive' can't find value '", printable(name), "'"));
    }
    if (!entry->parent.empty()) {
        return fail(concat("Node '", name, "' is busy: it is below node '", entry->parent, "'"));
    }
    return entry->node.get();
}

Result<BlockGraph::Entry*> BlockGraph::find_free(std::string_view name) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return is_named(entry, name); });
    if (found == entries_.end()) {
        return fail(concat("Cannot find device='", printable(name), "' nor node-name='",
                           printable(name), "'"));
    }
    if (!found->parent.empty()) {
        return fail(concat("Node '", name, "' is busy: it is below node '", found->parent, "'"));
    }
    return &*found;
}

const BlockGraph::Entry* BlockGraph::find(std::string_view name) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return is_named(entry, name); });
    return found == entries_.end() ? nullptr : &*found;
}

// '#' cannot stand in a user's name, so these never clash.
std::string BlockGraph::generated_name() {
    return concat("#block", generated_count_++);
}

}  // namespace siskin
