// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/process: the pid file. Daemon and signals are proved with the real binary.
#include "vmm/machine/process.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using siskin::PidFile;

namespace {

// A folder of its own, removed at the end.
struct Folder {
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "siskin-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path); }

    std::filesystem::path path;
};

}  // namespace

TEST_SUITE("vmm/machine/process") {
    TEST_CASE("a pid file holds the number, and goes with its owner") {
        const Folder folder;
        const std::string path = (folder.path / "pid").string();

        auto file = PidFile::create(path);
        REQUIRE(file.has_value());
        long number = 0;
        std::ifstream(path) >> number;
        file->reset();

        CHECK(number == ::getpid());
        CHECK_FALSE(std::filesystem::exists(path));
    }

    TEST_CASE("a pid file of a running process is refused and left alone") {
        const Folder folder;
        const std::string path = (folder.path / "pid").string();
        const auto first = PidFile::create(path);
        REQUIRE(first.has_value());

        const auto second = PidFile::create(path);

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message.find("belongs to a running process") != std::string::npos);
        CHECK(std::filesystem::exists(path));
    }

    TEST_CASE("a folder that does not exist is named") {
        const auto file = PidFile::create("/nonexistent/pid");

        REQUIRE_FALSE(file.has_value());
        CHECK(file.error().message ==
              "cannot create PID file: could not create '/nonexistent/pid': No such file or "
              "directory");
    }
}
