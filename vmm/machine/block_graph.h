// SPDX-License-Identifier: Apache-2.0
// BlockGraph: the block nodes of a machine, made from -blockdev, -drive and blockdev-add.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devices/block/shared_node.h"
#include "qmp/generated/types.h"
#include "vmm/machine/throttle_groups.h"

namespace siskin {

// Nodes over nodes. Nothing is probed: what a node is, its driver says. Thread: VM loop; files are
// opened here, so not under MachineLock once the machine runs.
class BlockGraph {
public:
    // `groups` outlive it; null: there are none.
    explicit BlockGraph(const ThrottleGroups* groups = nullptr) : groups_(groups) {}

    static constexpr std::size_t kNodesMax = 1024;
    static constexpr std::size_t kNodeNameMax = 31;  // bytes

    struct Entry {
        std::unique_ptr<SharedNode> node;
        std::string driver;
        std::string filename;   // as queries show it: a path, or what the node is made of in JSON
        std::string path;       // of the file at the bottom, or empty
        std::string child;      // the node-name of the node below it, or empty
        std::string drive_id;   // of the -drive that made it, or empty
        bool of_drive = false;  // a medium that was put in; it goes when it is taken out
        bool own = true;        // blockdev-del may remove it; else it goes with the node above
        bool direct = false;    // its cache
        bool no_flush = false;
        qmp::BlockdevDetectZeroesOptions detect_zeroes = qmp::BlockdevDetectZeroesOptions::Off;
    };

    // `options` are complete (block_options.h). Errors: a name is taken or none, and what opening
    // says; then nothing was made.
    [[nodiscard]] Result<BlockNode*> add(const qmp::BlockdevOptions& options);
    // The same for a -drive, whose id is a second name of the node.
    [[nodiscard]] Result<BlockNode*> add_drive(const std::string& id,
                                               const qmp::BlockdevOptions& options);
    // The same for a medium, until remove_unused_media() finds that no device has it.
    [[nodiscard]] Result<BlockNode*> add_medium(const qmp::BlockdevOptions& options);
    void remove_unused_media();
    // Of blockdev-del: the node, and those that were made inside it. Errors: somebody uses it, or
    // it is inside another one, or there is none.
    [[nodiscard]] Result<> remove(std::string_view node_name);

    // The node of that node-name or drive id, for a device. Error: there is none.
    [[nodiscard]] Result<BlockNode*> disk(std::string_view name) const;
    [[nodiscard]] const Entry* find(std::string_view name) const;
    // Whether nobody sees the bytes of the node, and of those below it, but through the node.
    // Error: who does.
    [[nodiscard]] Result<> check_sole_user(const Entry& entry) const;
    // In the order of creation: a node stands behind those below it.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    // After an error, nodes that were made for the node are still there.
    [[nodiscard]] Result<BlockNode*> add_with_children(const qmp::BlockdevOptions& options);
    [[nodiscard]] Result<Entry> make(const qmp::BlockdevOptions& options, std::string name);
    // Of a node over `child`.
    [[nodiscard]] Result<Entry> make_above(const qmp::BlockdevOptions& options, std::string name,
                                           const Entry& child);
    // The node below, which is made where it is not there yet.
    [[nodiscard]] Result<const Entry*> take_child(const qmp::BlockdevRef& file,
                                                  const std::string& parent);
    [[nodiscard]] Result<std::string> name_for(const qmp::BlockdevOptions& options);
    // What it is made of, in JSON, as QEMU tells it.
    [[nodiscard]] std::string options_of(const Entry& entry) const;
    // The node, and those that were made inside it.
    void erase(std::vector<Entry>::const_iterator entry);
    [[nodiscard]] bool has_parent(std::string_view node_name) const;
    [[nodiscard]] std::string generated_name();
    void shrink_to(std::size_t count);

    const ThrottleGroups* groups_;
    std::vector<Entry> entries_;
    std::size_t generated_count_ = 0;
};

}  // namespace siskin
