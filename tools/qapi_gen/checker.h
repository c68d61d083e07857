// SPDX-License-Identifier: Apache-2.0
// Holds the entries of a schema against each other before anything is generated.
#pragma once

#include "base/result.h"
#include "tools/qapi_gen/model.h"

namespace siskin::qapi {

// Names are well-formed and unique, types exist and fit their place. Errors name file and entry.
[[nodiscard]] Result<> check(const Schema& schema);

}  // namespace siskin::qapi
