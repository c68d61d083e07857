// SPDX-License-Identifier: Apache-2.0
// The #include lines of a file, read once for the three lints that judge them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/tidy/source_file.h"

namespace siskin::tidy {

struct IncludeLine {
    std::size_t line = 1;  // counts from 1
    std::string header;    // what stands between the quotes or the brackets
    bool quoted = false;   // "..." rather than <...>
};

// In the order of the file. C++ only.
[[nodiscard]] std::vector<IncludeLine> include_lines(const SourceFile& file);

// <vector> and <cstdint>, but not <fcntl.h> or <tl/expected.hpp>.
[[nodiscard]] bool is_standard_header(const IncludeLine& include);

// The header a source or a test belongs to: "pci/bar.h" for pci/bar.cc and for
// tests/unit/pci/bar_test.cc. Empty when there is no such rule for the file.
[[nodiscard]] std::string own_header_of(const std::string& path);

}  // namespace siskin::tidy
