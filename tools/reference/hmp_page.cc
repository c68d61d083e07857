// SPDX-License-Identifier: Apache-2.0
// docs/reference/hmp.md.
#include "base/text.h"
#include "tools/reference/markdown.h"
#include "tools/reference/pages.h"
#include "vmm/hmp/command_table.h"

namespace siskin::reference {
namespace {

constexpr std::string_view kOpening =
    "# Human monitor\n"
    "\n"
    "Every command of the monitor for people, as its `help` and `info` list them. Written by\n"
    "`siskin_reference` from the tables that the monitor itself reads; do not edit it here.\n"
    "\n"
    "A program asks them over QMP: `human-monitor-command`.\n";

constexpr std::string_view kFormats =
    "\n## Formats and expressions\n"
    "\n"
    "`/fmt` is a slash, a count, a letter (`x` hexadecimal, `d` decimal, `u` unsigned, `o` octal,\n"
    "`c` characters) and a unit (`b` 1 byte, `h` 2, `w` 4, `g` 8), each of which may be left out: "
    "letter\n"
    "and unit are then those of the time before, at first `x` and `w`. One command shows at most\n"
    "64 KiB.\n"
    "\n"
    "`expr`, `addr`, `index` and `vcpu` are expressions: numbers (decimal, `0x1f`, `017`, `'a'`),\n"
    "registers (`$eax`, `$rip`, `$pc`, `$eflags`, `$cs`, `$cs.base`, `$cs.limit`, ...), `+ -`, "
    "which bind\n"
    "least, `& | ^`, `* / %`, the signs `+ - ~`, and parentheses.\n";

std::string table_of(std::span<const hmp::CommandRow> rows, std::string_view prefix) {
    std::string text = "\n| command | arguments | meaning |\n| --- | --- | --- |\n";
    for (const hmp::CommandRow& row : rows) {
        text += concat("| ", code(concat(prefix, row.name)),
                       row.alias.empty() ? "" : concat(", ", code(row.alias)), " | ",
                       row.syntax.empty() ? "" : concat(code(cell(row.syntax)), ' '), "| ",
                       cell(row.help), " |\n");
    }
    return text;
}

}  // namespace

std::string hmp_page() {
    return concat(kOpening, "\n## Commands\n", table_of(hmp::command_table(), ""), "\n## info\n",
                  table_of(hmp::info_table(), "info "), kFormats);
}

}  // namespace siskin::reference
