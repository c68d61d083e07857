// SPDX-License-Identifier: Apache-2.0
// Proves devices/memory/backing_file.
#include "devices/memory/backing_file.h"

#include <doctest/doctest.h>

#include <csignal>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/temporary_directory.h"

namespace siskin {
namespace {

MemoryBackendConfig config_for(const std::string& path, std::uint64_t size) {
    MemoryBackendConfig config;
    config.size = ByteCount{size};
    config.mem_path = path;
    return config;
}

std::int64_t size_of(const BackingFile& file) {
    struct stat status {};
    REQUIRE(::fstat(file.fd->get(), &status) == 0);
    return status.st_size;
}

// Files of this process may be so long until it goes.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t size) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{size, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_SUITE("devices/memory/backing_file") {
    TEST_CASE("a file that is not there is made, for its owner alone, and its path told") {
        const test::TemporaryDirectory folder;

        const auto file = open_backing_file(config_for(folder.path("ram"), 8192));

        REQUIRE(file.has_value());
        CHECK(size_of(*file) == 8192);
        CHECK(file->created_path == folder.path("ram"));
        struct stat status {};
        REQUIRE(::stat(folder.path("ram").c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0600);
    }

    TEST_CASE("a file that is there is taken as it is, an empty one is grown") {
        const test::TemporaryDirectory folder;
        const std::string longer = folder.write_file("longer", std::string(12288, 'x'));
        const std::string empty = folder.write_file("empty", "");

        const auto taken = open_backing_file(config_for(longer, 8192));
        const auto grown = open_backing_file(config_for(empty, 8192));

        REQUIRE(taken.has_value());
        CHECK(size_of(*taken) == 12288);
        CHECK(taken->created_path.empty());
        REQUIRE(grown.has_value());
        CHECK(size_of(*grown) == 8192);
        CHECK(grown->created_path.empty());
    }

    TEST_CASE("a file that is too short is refused and stays as it is") {
        const test::TemporaryDirectory folder;
        const std::string path = folder.write_file("short", std::string(4096, 'x'));

        const auto file = open_backing_file(config_for(path, 8192));

        REQUIRE_FALSE(file.has_value());
        CHECK(file.error().message ==
              "backing store size 0x1000 does not match 'size' option 0x2000");
    }

    TEST_CASE("in a folder the file has no name") {
        const test::TemporaryDirectory folder;

        const auto file = open_backing_file(config_for(folder.path(), 8192));

        REQUIRE(file.has_value());
        CHECK(size_of(*file) == 8192);
        CHECK(folder.names().empty());
    }

    TEST_CASE("what is no file is refused at once: nothing, a device, a FIFO") {
        const test::TemporaryDirectory folder;
        REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0600) == 0);

        CHECK(open_backing_file(config_for("/nonexistent/ram", 4096)).error().message ==
              "can't open backing store /nonexistent/ram for guest RAM: No such file or directory");
        CHECK(open_backing_file(config_for("/dev/null", 4096)).error().message ==
              "mem-path '/dev/null' is neither a regular file nor a folder");
        CHECK(open_backing_file(config_for(folder.path("fifo"), 4096)).error().message ==
              "mem-path '" + folder.path("fifo") + "' is neither a regular file nor a folder");
    }

    TEST_CASE("a file to be read only is not made") {
        const test::TemporaryDirectory folder;
        MemoryBackendConfig config = config_for(folder.path("ram"), 4096);
        config.readonly = true;

        CHECK_FALSE(open_backing_file(config).has_value());
        CHECK(folder.names().empty());
    }

    TEST_CASE("a limit on file sizes is told of before it could end the process (X05)") {
        const test::TemporaryDirectory folder;
        const FileSizeLimit limit(1U << 20U);

        const auto memfd = open_memfd("m", config_for("", 2U << 20U));
        const auto file = open_backing_file(config_for(folder.path("ram"), 2U << 20U));

        REQUIRE_FALSE(memfd.has_value());
        CHECK(memfd.error().message ==
              "size is 2097152, the limit on file sizes is 1048576 (RLIMIT_FSIZE, ulimit -f)");
        REQUIRE_FALSE(file.has_value());
        CHECK(file.error().message == memfd.error().message);
        CHECK(folder.names().empty());
    }

    TEST_CASE("a sealed memfd keeps its size, one that is not may change") {
        MemoryBackendConfig config = config_for("", 8192);
        const auto sealed = open_memfd("m", config);
        config.seal = false;
        const auto loose = open_memfd("m", config);

        REQUIRE(sealed.has_value());
        REQUIRE(loose.has_value());
        CHECK(::ftruncate(sealed->fd->get(), 4096) != 0);
        CHECK(::ftruncate(loose->fd->get(), 4096) == 0);
    }

    TEST_CASE("huge pages of a size that no host has are refused by size") {
        MemoryBackendConfig config = config_for("", 8192);
        config.hugetlb = true;
        config.hugetlbsize = ByteCount{32 * kMiB};

        const auto file = open_memfd("m", config);

        REQUIRE_FALSE(file.has_value());
        CHECK(file.error().message.starts_with("hugetlbsize is 32768k, this host has "));
    }
}

}  // namespace siskin
