// SPDX-License-Identifier: Apache-2.0
// The options of a block node, as -blockdev and -drive write them, as those of blockdev-add.
#pragma once

#include "base/result.h"
#include "base/value.h"
#include "qmp/generated/types.h"

namespace siskin {

// How the members were written.
enum class OptionForm {
    Json,       // as blockdev-add takes them
    KeyValues,  // all texts: "on" and "off", "1M"
};

// Errors: what the schema does not know, and what check_node_options() says.
[[nodiscard]] Result<qmp::BlockdevOptions> read_node_options(const Value::Dict& members,
                                                             OptionForm form);

// Of this node and those inside it: what the schema has, but siskin does not do, is refused. Nodes
// inside get what they leave open from the node above: read-only, cache and discard.
[[nodiscard]] Result<qmp::BlockdevOptions> complete_node_options(qmp::BlockdevOptions options);

// What a node stands on, where its driver is one of other nodes; null: it stands by itself.
[[nodiscard]] const qmp::BlockdevRef* file_of(const qmp::BlockdevOptions& options);

}  // namespace siskin
