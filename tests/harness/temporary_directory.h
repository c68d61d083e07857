// SPDX-License-Identifier: Apache-2.0
// A directory that goes with the object that made it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

namespace siskin::test {

// Its path is short: a socket's address takes 107 bytes. Any thread.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = "/tmp/siskin-test-XXXXXX";
        path_ = ::mkdtemp(name.data()) == nullptr ? "/nonexistent" : name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    // The directory itself, or a name in it.
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string path(std::string_view name) const {
        return path_ + "/" + std::string(name);
    }
    std::string write_file(std::string_view name, std::string_view content) const {
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }
    // The names in it, at any depth.
    [[nodiscard]] std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
            found.insert(entry.path().string());
        }
        return found;
    }

private:
    std::string path_;
};

}  // namespace siskin::test
