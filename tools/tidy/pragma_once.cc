// SPDX-License-Identifier: Apache-2.0
// pragma_once: each header is read once.
#include <algorithm>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

void check(const Tree&, const SourceFile& file, Findings& findings) {
    const auto& lines = file.lines();
    if (std::find(lines.begin(), lines.end(), "#pragma once") == lines.end()) {
        findings.add(1, "header without #pragma once");
    }
}

}  // namespace

Rule pragma_once_rule() {
    return Rule{"pragma_once", "A header has the line #pragma once, not an include guard.",
                [](const SourceFile& file) { return file.is_header(); }, check};
}

}  // namespace siskin::tidy
