// SPDX-License-Identifier: Apache-2.0
// TemporaryFile: a file of its own for a test, gone with it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "base/result.h"

namespace siskin {

class TemporaryFile {
public:
    explicit TemporaryFile(std::uint64_t size) {
        const int fd = ::mkstemp(path_.data());
        SISKIN_ASSERT(fd >= 0);
        SISKIN_ASSERT(::ftruncate(fd, static_cast<off_t>(size)) == 0);
        ::close(fd);
    }
    ~TemporaryFile() { ::unlink(path_.c_str()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::vector<char> bytes() const {
        std::ifstream file(path_, std::ios::binary);
        return std::vector<char>(std::istreambuf_iterator<char>(file), {});
    }
    // Bytes it takes on the host.
    [[nodiscard]] std::uint64_t room() const {
        struct stat status {};
        SISKIN_ASSERT(::stat(path_.c_str(), &status) == 0);
        return static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    void truncate(std::uint64_t size) const {
        SISKIN_ASSERT(::truncate(path_.c_str(), static_cast<off_t>(size)) == 0);
    }

private:
    std::string path_ = "/tmp/siskin-test-XXXXXX";
};

}  // namespace siskin
