// SPDX-License-Identifier: Apache-2.0
// The list of all lints.
#include "tools/tidy/rules.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace siskin::tidy {

std::span<const Rule> all_rules() {
    static const std::array kRules{
        banned_rule(),          characters_rule(),    column_limit_rule(),  file_length_rule(),
        function_length_rule(), include_order_rule(), include_table_rule(), license_rule(),
        markdown_links_rule(),  markdown_page_rule(), names_rule(),         opening_sentence_rule(),
        pragma_once_rule(),     test_presence_rule(), third_party_rule(),   try_alone_rule(),
        untested_list_rule(),
    };
    return kRules;
}

const Rule* find_rule(std::string_view name) {
    const auto rules = all_rules();
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const Rule& rule) { return rule.name == name; });
    return found == rules.end() ? nullptr : &*found;
}

Outcome run(const Tree& tree, std::span<const Rule> rules) {
    Outcome outcome;
    for (const auto& [path, file] : tree.files()) {
        ++outcome.file_count;
        for (const Rule& rule : rules) {
            if (rule.applies(file)) {
                const std::size_t before = outcome.findings.size();
                Findings findings(file, rule.name, outcome.findings);
                rule.check(tree, file, findings);
                ++outcome.check_count;
                outcome.failed_count += outcome.findings.size() == before ? 0 : 1;
            }
        }
    }
    std::stable_sort(outcome.findings.begin(), outcome.findings.end(),
                     [](const Finding& left, const Finding& right) {
                         return std::tie(left.path, left.line) < std::tie(right.path, right.line);
                     });
    return outcome;
}

}  // namespace siskin::tidy
