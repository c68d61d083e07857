// SPDX-License-Identifier: Apache-2.0
// siskin_tidy [--root FOLDER] | --list | --explain RULE: checks the tree against its conventions.
#include <cstdio>
#include <span>
#include <string>

#include "tools/tidy/load_tree.h"
#include "tools/tidy/rules.h"

namespace {

using siskin::tidy::Outcome;
using siskin::tidy::Rule;

constexpr int kUsageError = 2;

int usage() {
    std::fputs("usage: siskin_tidy [--root FOLDER] | --list | --explain RULE\n", stderr);
    return kUsageError;
}

int list() {
    for (const Rule& rule : siskin::tidy::all_rules()) {
        std::puts(std::string(rule.name).c_str());
    }
    return 0;
}

int explain(const std::string& name) {
    const Rule* const rule = siskin::tidy::find_rule(name);
    if (rule == nullptr) {
        std::fprintf(stderr, "siskin_tidy: no rule '%s'; see --list\n", name.c_str());
        return kUsageError;
    }
    std::printf("%s\n", std::string(rule->explanation).c_str());
    return 0;
}

int check(const std::string& root) {
    const auto tree = siskin::tidy::load_tree(root);
    if (!tree || tree->files().empty()) {
        std::fprintf(stderr, "siskin_tidy: no files in '%s'\n", root.c_str());
        return kUsageError;
    }
    const Outcome outcome = siskin::tidy::run(*tree, siskin::tidy::all_rules());
    for (const auto& finding : outcome.findings) {
        std::printf("%s:%zu: %s: %s\n", finding.path.c_str(), finding.line,
                    std::string(finding.rule).c_str(), finding.message.c_str());
    }
    std::printf("tidy: %zu files, %zu checks, %zu findings\n", outcome.file_count,
                outcome.check_count, outcome.findings.size());
    // In the words of all tests of the tree, for tools/test.
    std::printf("%zu passed, %zu failed, 0 skipped\n", outcome.check_count - outcome.failed_count,
                outcome.failed_count);
    return outcome.findings.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    if (argc == 1) {
        return check(".");
    }
    const std::string option = arguments[1];
    if (argc == 2 && option == "--list") {
        return list();
    }
    if (argc == 3 && option == "--explain") {
        return explain(arguments[2]);
    }
    if (argc == 3 && option == "--root") {
        return check(arguments[2]);
    }
    return usage();
}
