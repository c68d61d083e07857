// SPDX-License-Identifier: Apache-2.0
// Proves devices/chardev/file.
#include "devices/chardev/file.h"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/fd_sets.h"
#include "tests/unit/devices/chardev/chardev_bench.h"

using siskin::ChardevBackend;
using siskin::ChardevConfig;
using siskin::Fd;
using siskin::OutputRing;
using siskin::test::bytes_of;
using siskin::test::ChardevBench;
using siskin::test::content_of;
using siskin::test::read_some;

namespace {

ChardevConfig file_config(const std::string& path, bool append) {
    ChardevConfig config;
    config.backend = ChardevBackend::File;
    config.id = "f";
    config.path = path;
    config.append = append;
    return config;
}

}  // namespace

TEST_SUITE("devices/chardev/file") {
    TEST_CASE("output reaches the file when the loop turns") {
        ChardevBench bench;
        const std::string path = bench.folder.path("out");
        auto chardev = bench.make(ChardevBackend::File, path);
        REQUIRE(chardev.has_value());

        (*chardev)->write(bytes_of("one "));
        (*chardev)->write(bytes_of("two"));
        CHECK(content_of(path).empty());
        bench.loop.run_ready();

        CHECK(content_of(path) == "one two");
        CHECK((*chardev)->filename() == "file");
        CHECK((*chardev)->dropped_bytes() == 0);
    }

    TEST_CASE("a path may name a passed file, which is emptied at the begin, and stays") {
        ChardevBench bench;
        const std::string path = bench.folder.path("passed");
        std::ofstream(path) << "before";
        siskin::FdSets sets;
        sets.serve_paths();
        REQUIRE(sets.add(2, *siskin::open_file(path, O_WRONLY), std::nullopt).has_value());
        auto chardev = bench.make(file_config("/dev/fdset/2", false));
        REQUIRE(chardev.has_value());
        CHECK(content_of(path) == "before");

        (*chardev)->begin();
        (*chardev)->write(bytes_of("new"));
        bench.loop.run_ready();

        CHECK(content_of(path) == "new");
    }

    TEST_CASE("a back end that goes away writes out what it holds") {
        ChardevBench bench;
        const std::string path = bench.folder.path("out");
        auto chardev = bench.make(ChardevBackend::File, path);
        REQUIRE(chardev.has_value());
        (*chardev)->begin();
        const std::vector<std::uint8_t> much(300000, std::uint8_t{'m'});

        (*chardev)->write(much);
        (*chardev)->write(bytes_of("last words"));
        REQUIRE(bench.registry.remove("c0").has_value());

        CHECK((content_of(path) == std::string(300000, 'm') + "last words"));  // too long to show
    }

    TEST_CASE("append=on goes on at the end, append=off empties the file") {
        ChardevBench bench;
        const std::string path = bench.folder.path("out");
        for (const char* const part : {"a", "b"}) {
            auto chardev = bench.make(file_config(path, true));
            REQUIRE(chardev.has_value());
            (*chardev)->begin();
            (*chardev)->write(bytes_of(part));
            bench.registry.drain_all(std::chrono::milliseconds(100));
            REQUIRE(bench.registry.remove("f").has_value());
        }
        CHECK(content_of(path) == "ab");

        auto chardev = bench.make(file_config(path, false));
        REQUIRE(chardev.has_value());
        CHECK(content_of(path) == "ab");
        (*chardev)->begin();
        CHECK(content_of(path).empty());
    }

    TEST_CASE("a file made by a back end that never began is gone with it") {
        ChardevBench bench;
        const std::string path = bench.folder.path("out");
        REQUIRE(bench.make(ChardevBackend::File, path).has_value());
        REQUIRE(bench.registry.remove("c0").has_value());

        CHECK_FALSE(std::filesystem::exists(path));
    }

    TEST_CASE("a new file's mode is 0666 less the umask") {
        ChardevBench bench;
        const std::string path = bench.folder.path("out");
        const mode_t before = ::umask(027);

        const auto chardev = bench.make(ChardevBackend::File, path);
        ::umask(before);

        REQUIRE(chardev.has_value());
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0640);
    }

    TEST_CASE("a missing folder, a folder and no path are named in the error") {
        ChardevBench bench;

        const auto missing = bench.make(ChardevBackend::File, "/nodir/x");
        const auto folder = bench.make(ChardevBackend::File, "/tmp");
        const auto empty = bench.make(ChardevBackend::File);

        REQUIRE_FALSE(missing.has_value());
        CHECK(missing.error().message == "Could not open '/nodir/x': No such file or directory");
        REQUIRE_FALSE(folder.has_value());
        CHECK(folder.error().message == "Could not open '/tmp': Is a directory");
        REQUIRE_FALSE(empty.has_value());
        CHECK(empty.error().message == "chardev: file: no filename given");
        CHECK(bench.registry.all().empty());
    }

    TEST_CASE("bytes that a full device refuses are counted, and the next are tried again") {
        ChardevBench bench;
        auto chardev = bench.make(ChardevBackend::File, "/dev/full");
        REQUIRE(chardev.has_value());

        (*chardev)->write(bytes_of("12345"));
        bench.loop.run_ready();
        (*chardev)->write(bytes_of("678"));
        bench.loop.run_ready();

        CHECK((*chardev)->dropped_bytes() == 8);
    }

    TEST_CASE("a FIFO whose reader stopped keeps the last MiB and counts every lost byte") {
        ChardevBench bench;
        const std::string path = bench.folder.path("fifo");
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        auto chardev = bench.make(ChardevBackend::File, path);
        REQUIRE(chardev.has_value());
        static constexpr std::size_t kWritten = 8 * OutputRing::kCapacity;
        const std::vector<std::uint8_t> chunk(4096, std::uint8_t{'.'});
        for (std::size_t done = 0; done < kWritten; done += chunk.size()) {
            (*chardev)->write(chunk);
            bench.loop.run_ready();
        }
        (*chardev)->write(bytes_of("the end"));
        const std::uint64_t dropped = (*chardev)->dropped_bytes();

        const Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        std::string all;
        for (std::string part = read_some(reader.get()); !part.empty();
             part = read_some(reader.get())) {
            all += part;
            bench.loop.run_ready();
        }

        CHECK(dropped > 0);
        CHECK((*chardev)->dropped_bytes() == dropped);
        CHECK(all.size() + dropped == kWritten + 7);
        CHECK(all.size() <= OutputRing::kCapacity + 256 * 1024);
        CHECK(all.substr(all.size() - 8) == ".the end");
    }

    TEST_CASE("drain gives up after its limit when nobody reads") {
        ChardevBench bench;
        const std::string path = bench.folder.path("fifo");
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        auto chardev = bench.make(ChardevBackend::File, path);
        REQUIRE(chardev.has_value());
        (*chardev)->write(std::vector<std::uint8_t>(OutputRing::kCapacity));

        const auto start = std::chrono::steady_clock::now();
        bench.registry.drain_all(std::chrono::milliseconds(20));
        const auto took = std::chrono::steady_clock::now() - start;

        CHECK(took >= std::chrono::milliseconds(20));
        CHECK(took < std::chrono::seconds(5));
    }
}
