// SPDX-License-Identifier: Apache-2.0
// Reading a checkout from disk into a Tree.
#pragma once

#include <filesystem>
#include <optional>

#include "tools/tidy/source_file.h"

namespace siskin::tidy {

// The files git knows of or would add; where there is no git, all but build/ and hidden folders.
// Nothing when `root` is no folder.
[[nodiscard]] std::optional<Tree> load_tree(const std::filesystem::path& root);

}  // namespace siskin::tidy
