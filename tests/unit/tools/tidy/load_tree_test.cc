// SPDX-License-Identifier: Apache-2.0
// Proves tools/tidy/load_tree.
#include "tools/tidy/load_tree.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace siskin::tidy {
namespace {

namespace filesystem = std::filesystem;

// A folder of its own outside any checkout; the process returns to where it was.
class TemporaryFolder {
public:
    TemporaryFolder()
        : before_(filesystem::current_path()),
          path_(filesystem::temp_directory_path() / "siskin_tidy_load_tree_test") {
        filesystem::remove_all(path_);
        filesystem::create_directories(path_);
    }
    ~TemporaryFolder() {
        filesystem::current_path(before_);
        filesystem::remove_all(path_);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        filesystem::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name) << text;
    }
    [[nodiscard]] const filesystem::path& path() const { return path_; }

private:
    filesystem::path before_;
    filesystem::path path_;
};

}  // namespace

TEST_SUITE("tools/tidy/load_tree") {
    TEST_CASE("without git, all files but those of build and hidden folders are read") {
        const TemporaryFolder folder;
        folder.write("pci/bar.h", "#pragma once\n");
        folder.write("build/x.h", "");
        folder.write(".cache/x.h", "");

        const auto tree = load_tree(folder.path());

        REQUIRE(tree.has_value());
        CHECK(tree->files().size() == 1);
        REQUIRE(tree->find("pci/bar.h") != nullptr);
        CHECK(tree->find("pci/bar.h")->text() == "#pragma once\n");
    }

    TEST_CASE("a folder that does not exist is nothing") {
        CHECK_FALSE(load_tree("/nonexistent/siskin").has_value());
    }
}

}  // namespace siskin::tidy
