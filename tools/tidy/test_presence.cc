// SPDX-License-Identifier: Apache-2.0
// test_presence: each source has a unit test, or a line that says why it has none.
#include <array>
#include <string>

#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

constexpr std::string_view kList = "tests/untested.txt";
constexpr std::array<std::string_view, 7> kProductFolders{"base",    "pci",    "qmp", "firmware",
                                                          "devices", "virtio", "vmm"};

std::string_view top_folder(std::string_view path) {
    return path.substr(0, path.find('/'));
}

// "mailbox" of "base/loop/mailbox.cc"
std::string_view stem(std::string_view path) {
    path.remove_prefix(path.rfind('/') + 1);
    return path.substr(0, path.rfind('.'));
}

// tests/unit/<top folder>/<any folders>/<file>_test.cc
bool has_test(const Tree& tree, std::string_view path) {
    const std::string folder = "tests/unit/" + std::string(top_folder(path)) + "/";
    const std::string name = "/" + std::string(stem(path)) + "_test.cc";
    auto next = tree.files().lower_bound(folder);
    for (; next != tree.files().end() && next->first.starts_with(folder); ++next) {
        if (next->first.ends_with(name)) {
            return true;
        }
    }
    return false;
}

bool is_listed(const Tree& tree, const std::string& path) {
    const SourceFile* const list = tree.find(kList);
    if (list == nullptr) {
        return false;
    }
    for (const std::string& line : list->lines()) {
        if (line.starts_with(path + ": ")) {
            return true;
        }
    }
    return false;
}

void check_source(const Tree& tree, const SourceFile& file, Findings& findings) {
    if (!has_test(tree, file.path()) && !is_listed(tree, file.path())) {
        findings.add(1, "no " + std::string(stem(file.path())) + "_test.cc below tests/unit/" +
                            std::string(top_folder(file.path())) + ", and no line in " +
                            std::string(kList) + " that says why");
    }
}

bool is_product_source(const SourceFile& file) {
    for (const std::string_view folder : kProductFolders) {
        if (top_folder(file.path()) == folder && file.path().ends_with(".cc")) {
            return true;
        }
    }
    return false;
}

void check_list(const Tree& tree, const SourceFile& file, Findings& findings) {
    for (std::size_t index = 0; index < file.lines().size(); ++index) {
        const std::string& line = file.lines()[index];
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        const auto colon = line.find(": ");
        const std::string path = line.substr(0, colon);
        if (colon == std::string::npos || colon + 2 == line.size()) {
            findings.add(index + 1, "a line is '<path>: <reason>'");
        } else if (tree.find(path) == nullptr) {
            findings.add(index + 1, path + " is gone; so should this line be");
        } else if (has_test(tree, path)) {
            findings.add(index + 1, path + " has a test; drop this line");
        }
    }
}

}  // namespace

Rule test_presence_rule() {
    return Rule{"test_presence",
                "Each .cc file of a product folder has a unit test: for base/loop/mailbox.cc any\n"
                "file tests/unit/base/**/mailbox_test.cc (the mirrored folder is the usual one).\n"
                "Where a unit test cannot prove it, tests/untested.txt has a line '<path>:\n"
                "<reason>' that says what proves it instead.",
                is_product_source, check_source};
}

Rule untested_list_rule() {
    return Rule{
        "untested_list",
        "Each line of tests/untested.txt is '<path>: <reason>', for a file that exists and\n"
        "has no unit test.",
        [](const SourceFile& file) { return file.path() == kList; }, check_list};
}

}  // namespace siskin::tidy
