// SPDX-License-Identifier: Apache-2.0
// Trees of a few lines for the tests of tools/tidy, and what a rule says of them.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "tools/tidy/rules.h"

namespace siskin::tidy {

// (path, text) of each file.
using SmallTree = std::initializer_list<std::pair<const char*, std::string>>;

// What `rule` finds, each as "<path>:<line>: <message>".
inline std::vector<std::string> found_by(const Rule& rule, const SmallTree& files) {
    Tree tree;
    for (const auto& [path, text] : files) {
        tree.add(SourceFile(path, text));
    }
    std::vector<std::string> found;
    for (const Finding& finding : run(tree, std::span(&rule, 1)).findings) {
        found.push_back(finding.path + ":" + std::to_string(finding.line) + ": " + finding.message);
    }
    return found;
}

inline std::string repeated(const std::string& text, int count) {
    std::string all;
    for (int number = 0; number < count; ++number) {
        all += text;
    }
    return all;
}

using Lines = std::vector<std::string>;

}  // namespace siskin::tidy
