// SPDX-License-Identifier: Apache-2.0
// BlockGraph: the named block nodes of a machine, made from -blockdev and -drive.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "devices/block/block_node.h"

namespace siskin {

// Format nodes ("raw") over protocol nodes ("file", "host_device"). Nothing is probed: what a node
// is, its driver says. Thread: VM loop, under MachineLock.
class BlockGraph {
public:
    struct Entry {
        std::unique_ptr<BlockNode> node;
        std::string driver;
        std::string filename;  // of the file at the bottom
        std::string drive_id;  // of the -drive that made it, or empty
        std::string parent;    // the node above it, or empty
    };

    // Members as in blockdev-add; a format node names its child or holds its members. Errors: an
    // unknown driver or member, a name taken, and what opening the file says.
    [[nodiscard]] Result<BlockNode*> add(const Value::Dict& members);
    // The same for a -drive, whose id is a second name of the node.
    [[nodiscard]] Result<BlockNode*> add_drive(const std::string& id, const Value::Dict& members);

    // The node of that node-name or drive id, for a device. Errors: there is none, or it is another
    // node's child.
    [[nodiscard]] Result<BlockNode*> disk(std::string_view name) const;
    [[nodiscard]] const Entry* find(std::string_view name) const;
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    // After an error, children that were made for the node are still there.
    [[nodiscard]] Result<BlockNode*> add_with_children(const Value::Dict& members);
    [[nodiscard]] Result<Entry> make_protocol_node(const std::string& driver, std::string name,
                                                   const Value::Dict& members);
    [[nodiscard]] Result<Entry> make_raw_node(std::string name, const Value::Dict& members);
    [[nodiscard]] Result<Entry*> find_free(std::string_view name);
    [[nodiscard]] std::string generated_name();

    std::vector<Entry> entries_;
    std::size_t generated_count_ = 0;
};

}  // namespace siskin
