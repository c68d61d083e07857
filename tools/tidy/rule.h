// SPDX-License-Identifier: Apache-2.0
// Rule and Findings: what a lint is, and what it says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/tidy/source_file.h"

namespace siskin::tidy {

// "<path>:<line>: <rule>: <message>"
struct Finding {
    std::string path;
    std::size_t line = 1;
    std::string_view rule;
    std::string message;
};

// What one rule finds in one file.
class Findings {
public:
    Findings(const SourceFile& file, std::string_view rule, std::vector<Finding>& out)
        : file_(file), rule_(rule), out_(out) {}

    // `line` counts from 1.
    void add(std::size_t line, std::string message) {
        out_.push_back(Finding{file_.path(), line, rule_, std::move(message)});
    }

private:
    const SourceFile& file_;
    std::string_view rule_;
    std::vector<Finding>& out_;
};

// One lint. Each is defined in a file of its own and listed in rules.cc.
struct Rule {
    std::string_view name;
    std::string_view explanation;  // for --explain: what, why, and how to comply
    bool (*applies)(const SourceFile& file);
    void (*check)(const Tree& tree, const SourceFile& file, Findings& findings);
};

}  // namespace siskin::tidy
