// SPDX-License-Identifier: Apache-2.0
// include_table: a folder includes only folders below it. The one copy of the table a build obeys.
#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "tools/tidy/include_line.h"
#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

// "base/*" is the files of that very folder, "base/**" all below it, a plain path one file.
constexpr std::size_t kTargetsMax = 6;
struct Row {
    std::string_view from;                              // the files the row speaks of
    std::array<std::string_view, kTargetsMax> targets;  // what they may include besides themselves
};

// docs/design.md, "Floors". The first row that matches a file is its row.
constexpr std::array kTable{
    Row{"base/*", {}},
    Row{"base/loop/**", {"base/*"}},
    Row{"base/memory/**", {"base/*"}},
    Row{"base/bus/**", {"base/*"}},
    Row{"base/object/**", {"base/*"}},
    Row{"qmp/**", {"base/*", "base/loop/**"}},
    Row{"firmware/**", {"base/*", "base/memory/**"}},
    Row{"pci/**", {"base/*", "base/bus/**", "base/object/**"}},
    Row{"devices/**", {"base/**", "pci/**"}},
    Row{"virtio/**",
        {"base/**", "pci/**", "devices/block/**", "devices/chardev/**", "devices/netdev/**",
         "devices/scsi/**"}},
    Row{"vmm/kvm/**", {"base/**"}},
    Row{"vmm/vcpu/**", {"base/**", "vmm/kvm/**"}},
    Row{"vmm/hmp/**", {"base/*", "qmp/**"}},
    Row{"vmm/**", {"base/**", "qmp/**", "firmware/**", "pci/**", "devices/**", "virtio/**"}},
    Row{"tools/tidy/**", {}},
    Row{"tools/reference/**", {"base/**", "qmp/**", "devices/**", "vmm/hmp/*", "vmm/machine/*"}},
    Row{"tools/**", {"base/**"}},
    Row{"tests/**", {"**"}},
};

bool matches(std::string_view pattern, std::string_view path) {
    if (pattern.ends_with("**")) {
        return path.starts_with(pattern.substr(0, pattern.size() - 2));
    }
    if (pattern.ends_with('*')) {
        const std::string_view folder = pattern.substr(0, pattern.size() - 1);
        return path.starts_with(folder) && path.find('/', folder.size()) == std::string_view::npos;
    }
    return path == pattern;
}

const Row* row_of(std::string_view path) {
    const auto* const found = std::find_if(kTable.begin(), kTable.end(),
                                           [&](const Row& row) { return matches(row.from, path); });
    return found == kTable.end() ? nullptr : found;
}

bool allows(const Row& row, std::string_view header) {
    if (matches(row.from, header)) {
        return true;
    }
    return std::any_of(row.targets.begin(), row.targets.end(), [&](std::string_view target) {
        return !target.empty() && matches(target, header);
    });
}

void check(const Tree&, const SourceFile& file, Findings& findings) {
    const Row* const row = row_of(file.path());
    if (row == nullptr) {
        findings.add(1, "this folder has no row in the include table");
        return;
    }
    for (const IncludeLine& include : include_lines(file)) {
        if (!include.quoted) {
            continue;
        }
        if (row_of(include.header) == nullptr) {
            findings.add(include.line, "write \"" + include.header +
                                           "\" from the top of the tree, like \"base/result.h\"");
        } else if (!allows(*row, include.header)) {
            findings.add(include.line, "\"" + include.header + "\" may not be included by " +
                                           std::string(row->from));
        }
    }
}

}  // namespace

Rule include_table_rule() {
    return Rule{
        "include_table",
        "A folder includes only folders below it, by the table in tools/tidy/\n"
        "include_table.cc (docs/design.md shows it with its reasons). Includes are written\n"
        "from the top of the tree. If an include is refused, the type you need has a seam\n"
        "in a lower folder, or your code belongs one floor up.",
        [](const SourceFile& file) { return file.language() == Language::Cxx; }, check};
}

}  // namespace siskin::tidy
