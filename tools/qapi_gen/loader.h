// SPDX-License-Identifier: Apache-2.0
// Reads schema files: strict JSON, one top-level array of entries a file.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "tools/qapi_gen/model.h"

namespace siskin::qapi {

// Errors name the file and the entry: "run_state.json: event 'STOP': 'doc' is missing". What the
// entries say of each other is the checker's part.
[[nodiscard]] Result<Schema> load(const std::vector<std::string>& paths);

}  // namespace siskin::qapi
