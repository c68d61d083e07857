// SPDX-License-Identifier: Apache-2.0
// include_order: own header, standard, third-party, siskin.
#include <string>

#include "tools/tidy/include_line.h"
#include "tools/tidy/rules.h"

namespace siskin::tidy {
namespace {

// The place of each kind in a file; they may not go down.
enum Place { Own, TestFramework, Standard, ThirdParty, Siskin };

Place place_of(const IncludeLine& include, const std::string& own_header) {
    if (include.quoted) {
        return include.header == own_header ? Own : Siskin;
    }
    if (include.header.starts_with("doctest/")) {
        return TestFramework;
    }
    return is_standard_header(include) ? Standard : ThirdParty;
}

std::string_view name_of(Place place) {
    switch (place) {
        case Own: return "the file's own header";
        case TestFramework: return "doctest";
        case Standard: return "a standard header";
        case ThirdParty: return "a system or third-party header";
        case Siskin: return "a siskin header";
    }
    return "a header";
}

// The own header of a test may be one the test file's name does not tell: it is the first one then.
std::string own_header(const Tree& tree, const SourceFile& file,
                       const std::vector<IncludeLine>& includes) {
    std::string mirrored = own_header_of(file.path());
    if (tree.find(mirrored) != nullptr) {
        return mirrored;
    }
    const bool is_test = file.path().starts_with("tests/");
    return is_test && !includes.empty() && includes.front().quoted ? includes.front().header
                                                                   : std::string();
}

void check(const Tree& tree, const SourceFile& file, Findings& findings) {
    const std::vector<IncludeLine> includes = include_lines(file);
    const std::string own = own_header(tree, file, includes);
    if (!own.empty() && (includes.empty() || includes.front().header != own)) {
        findings.add(includes.empty() ? 1 : includes.front().line,
                     "the first include is \"" + own + "\", which proves that header complete");
        return;
    }
    Place reached = Own;
    for (const IncludeLine& include : includes) {
        const Place place = place_of(include, own);
        if (place == TestFramework && reached <= ThirdParty) {
            continue;  // a library like others, that usually comes first
        }
        if (place < reached) {
            findings.add(include.line, include.header + ": " + std::string(name_of(place)) +
                                           " comes before " + std::string(name_of(reached)));
            return;
        }
        reached = place;
    }
}

}  // namespace

Rule include_order_rule() {
    return Rule{"include_order",
                "Includes stand in this order: the file's own header (so that compiling the file\n"
                "proves the header complete), in tests <doctest/doctest.h>, standard headers,\n"
                "system and third-party headers, siskin headers. A test's own header is the one\n"
                "it proves.",
                [](const SourceFile& file) { return file.language() == Language::Cxx; }, check};
}

}  // namespace siskin::tidy
