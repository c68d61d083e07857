// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/source_file.
#include "tools/tidy/source_file.h"

#include <doctest/doctest.h>

#include <string>

namespace siskin::tidy {

TEST_SUITE("tools/tidy/source_file") {
    TEST_CASE("the language follows from the name, and for scripts from the first line") {
        CHECK(SourceFile("a.h", "").language() == Language::Cxx);
        CHECK(SourceFile("a/CMakeLists.txt", "").language() == Language::CMake);
        CHECK(SourceFile("a.md", "").language() == Language::Markdown);
        CHECK(SourceFile("run", "#!/usr/bin/env python3\n").language() == Language::Python);
        CHECK(SourceFile("run", "#!/bin/bash\n").language() == Language::Shell);
        CHECK(SourceFile("LICENSE", "text").language() == Language::Other);
        CHECK_FALSE(SourceFile("LICENSE", "text").is_code());
    }

    TEST_CASE("lines have no line ends, and the last one needs none") {
        const SourceFile file("a.cc", "a\n\nb");

        CHECK(file.lines() == std::vector<std::string>{"a", "", "b"});
    }

    TEST_CASE("a tree knows its files and the folders that hold them") {
        Tree tree;
        tree.add(SourceFile("pci/bar.h", ""));

        CHECK(tree.has("pci/bar.h"));
        CHECK(tree.has("pci"));
        CHECK(tree.has("pci/"));
        CHECK(tree.has(""));
        CHECK_FALSE(tree.has("pc"));
        CHECK_FALSE(tree.has("pci/ba"));
        CHECK(tree.find("pci") == nullptr);
    }
}

}  // namespace siskin::tidy
