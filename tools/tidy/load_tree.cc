// SPDX-License-Identifier: Apache-2.0
// Reading a checkout from disk.
#include "tools/tidy/load_tree.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace siskin::tidy {
namespace {

namespace filesystem = std::filesystem;

constexpr std::uintmax_t kFileSizeMax = 4U << 20U;  // beyond it, data rather than text

// Paths ended by NUL; empty when git fails. Runs in the current folder.
std::string list_by_git() {
    std::string listing;
    FILE* const pipe = ::popen("git ls-files -z -co --exclude-standard 2>/dev/null", "r");
    if (pipe == nullptr) {
        return listing;
    }
    std::array<char, 4096> buffer{};
    std::size_t count = 0;
    while ((count = std::fread(buffer.data(), 1, buffer.size(), pipe)) != 0) {
        listing.append(buffer.data(), count);
    }
    return ::pclose(pipe) == 0 ? listing : std::string();
}

std::vector<std::string> list_by_walking() {
    std::vector<std::string> paths;
    for (auto next = filesystem::recursive_directory_iterator(".");
         next != filesystem::recursive_directory_iterator(); ++next) {
        const std::string path = next->path().lexically_normal().generic_string();
        const std::string name = next->path().filename().string();
        if (next->is_directory() && (name.starts_with('.') || path == "build")) {
            next.disable_recursion_pending();
        } else if (next->is_regular_file()) {
            paths.push_back(path);
        }
    }
    return paths;
}

std::vector<std::string> list_files() {
    const std::string listing = list_by_git();
    if (listing.empty()) {
        return list_by_walking();
    }
    std::vector<std::string> paths;
    std::size_t begin = 0;
    for (auto end = listing.find('\0'); end != std::string::npos; end = listing.find('\0', begin)) {
        paths.push_back(listing.substr(begin, end - begin));
        begin = end + 1;
    }
    return paths;
}

}  // namespace

std::optional<Tree> load_tree(const filesystem::path& root) {
    std::error_code error;
    filesystem::current_path(root, error);
    if (error) {
        return std::nullopt;
    }
    Tree tree;
    for (const std::string& path : list_files()) {
        const bool readable = filesystem::is_regular_file(path, error) &&
                              filesystem::file_size(path, error) <= kFileSizeMax;
        if (readable) {
            std::ifstream in(path, std::ios::binary);
            tree.add(SourceFile(path, std::string(std::istreambuf_iterator<char>(in), {})));
        }
    }
    return tree;
}

}  // namespace siskin::tidy
