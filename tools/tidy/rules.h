// SPDX-License-Identifier: Apache-2.0
// The list of all lints, and running them over a tree.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "tools/tidy/rule.h"

namespace siskin::tidy {

[[nodiscard]] std::span<const Rule> all_rules();
// Null when there is none of that name.
[[nodiscard]] const Rule* find_rule(std::string_view name);

struct Outcome {
    std::vector<Finding> findings;  // sorted by path, then line
    std::size_t file_count = 0;
    std::size_t check_count = 0;   // pairs of a file and a rule that applies to it
    std::size_t failed_count = 0;  // those of them with a finding
};

[[nodiscard]] Outcome run(const Tree& tree, std::span<const Rule> rules);

// One lint a file; the name of the file is the name of the rule.
[[nodiscard]] Rule banned_rule();
[[nodiscard]] Rule characters_rule();
[[nodiscard]] Rule column_limit_rule();
[[nodiscard]] Rule file_length_rule();
[[nodiscard]] Rule function_length_rule();
[[nodiscard]] Rule include_order_rule();
[[nodiscard]] Rule include_table_rule();
[[nodiscard]] Rule license_rule();
[[nodiscard]] Rule markdown_links_rule();
[[nodiscard]] Rule markdown_page_rule();
[[nodiscard]] Rule names_rule();
[[nodiscard]] Rule opening_sentence_rule();
[[nodiscard]] Rule pragma_once_rule();
[[nodiscard]] Rule test_presence_rule();
[[nodiscard]] Rule third_party_rule();
[[nodiscard]] Rule try_alone_rule();
[[nodiscard]] Rule untested_list_rule();

}  // namespace siskin::tidy
