// SPDX-License-Identifier: Apache-2.0
// The drivers of block nodes that stand at the bottom: one function makes them all.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "devices/block/shared_node.h"
#include "qmp/generated/types.h"

namespace siskin {

struct NewNode {
    std::unique_ptr<SharedNode> node;
    std::string filename;  // as queries show it
    std::string path;      // the file's, or empty
};

// Of every driver that stands on no other node. Errors: what opening says.
[[nodiscard]] Result<NewNode> open_node(const qmp::BlockdevOptions& options, std::string node_name);

}  // namespace siskin
