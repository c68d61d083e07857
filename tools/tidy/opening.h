// SPDX-License-Identifier: Apache-2.0
// How a file of code opens: where its SPDX line stands and how its comments look.
#pragma once

#include <cstddef>
#include <string_view>

#include "tools/tidy/source_file.h"

namespace siskin::tidy {

// The index in lines() of the SPDX line: 0, or 1 behind a "#!" line.
[[nodiscard]] inline std::size_t opening_index(const SourceFile& file) {
    return file.text().starts_with("#!") ? 1 : 0;
}

[[nodiscard]] inline std::string_view comment_mark(const SourceFile& file) {
    const bool slashes = file.language() == Language::Cxx || file.language() == Language::Assembly;
    return slashes ? "//" : "#";
}

}  // namespace siskin::tidy
