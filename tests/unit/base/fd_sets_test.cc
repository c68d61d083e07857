// SPDX-License-Identifier: Apache-2.0
// Proves base/fd_sets.
#include "base/fd_sets.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using siskin::Fd;
using siskin::FdSets;
using siskin::open_user_file;

namespace {

Fd memory() {
    return Fd(::memfd_create("siskin-test", MFD_CLOEXEC));
}

Fd null_file(int flags) {
    return Fd(::open("/dev/null", flags | O_CLOEXEC));
}

// The errno of an open that is to fail, 0 if it does not.
int refusal(const std::string& path, int flags) {
    errno = 0;
    const Fd file = open_user_file(path, flags);
    return file.valid() ? 0 : errno;
}

struct Bench {
    Bench() { sets.serve_paths(); }
    FdSets sets;
};

}  // namespace

TEST_SUITE("base/fd_sets") {
    TEST_CASE("a path opens the same file as the set's descriptor, close-on-exec") {
        Bench bench;
        Fd file = memory();
        REQUIRE(::write(file.get(), "hello", 5) == 5);
        REQUIRE(bench.sets.add(3, std::move(file), std::nullopt).has_value());

        const Fd opened = open_user_file("/dev/fdset/3", O_RDWR);

        REQUIRE(opened.valid());
        std::string text(5, '\0');
        CHECK(::pread(opened.get(), text.data(), text.size(), 0) == 5);
        CHECK(text == "hello");
        CHECK((::fcntl(opened.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }

    TEST_CASE("of a set the descriptor of the wanted access is taken, or none") {
        Bench bench;
        REQUIRE(bench.sets.add(1, null_file(O_RDONLY), std::nullopt).has_value());
        CHECK(refusal("/dev/fdset/1", O_RDWR) == EACCES);
        CHECK(refusal("/dev/fdset/1", O_RDONLY) == 0);
        REQUIRE(bench.sets.add(1, null_file(O_WRONLY), std::nullopt).has_value());

        const Fd writer = open_user_file("/dev/fdset/1", O_WRONLY);

        REQUIRE(writer.valid());
        CHECK((::fcntl(writer.get(), F_GETFL) & O_ACCMODE) == O_WRONLY);
    }

    TEST_CASE("paths that name no set are refused as open(2) would") {
        Bench bench;
        REQUIRE(bench.sets.add(1, memory(), std::nullopt).has_value());

        CHECK(refusal("/dev/fdset/2", O_RDWR) == ENOENT);
        for (const char* path : {"/dev/fdset/", "/dev/fdset/x", "/dev/fdset/-1", "/dev/fdset/0x1",
                                 "/dev/fdset/1/", "/dev/fdset/99999999999999999999"}) {
            CHECK(refusal(path, O_RDWR) == EINVAL);
        }
    }

    TEST_CASE("what was opened stays open when its set goes") {
        Bench bench;
        const auto place = bench.sets.add(std::nullopt, memory(), std::nullopt);
        REQUIRE(place.has_value());
        const Fd opened = open_user_file("/dev/fdset/0", O_RDWR);
        REQUIRE(opened.valid());

        REQUIRE(bench.sets.remove(place->set, std::nullopt).has_value());

        CHECK(::write(opened.get(), "x", 1) == 1);
        CHECK(::fcntl(place->fd, F_GETFD) == -1);
        CHECK(refusal("/dev/fdset/0", O_RDWR) == ENOENT);
    }

    TEST_CASE("flags that belong to an open file are set on it") {
        Bench bench;
        REQUIRE(bench.sets.add(0, memory(), std::nullopt).has_value());

        const Fd opened = open_user_file("/dev/fdset/0", O_RDWR | O_APPEND | O_NONBLOCK);

        CHECK((::fcntl(opened.get(), F_GETFL) & (O_APPEND | O_NONBLOCK)) ==
              (O_APPEND | O_NONBLOCK));
    }

    TEST_CASE("new sets have the lowest free number; single descriptors can be removed") {
        FdSets sets;
        REQUIRE(sets.add(1, memory(), "why").has_value());
        CHECK(sets.add(std::nullopt, memory(), std::nullopt)->set == 0);
        const auto second = sets.add(1, memory(), std::nullopt);
        CHECK(sets.add(std::nullopt, memory(), std::nullopt)->set == 2);
        CHECK(sets.size() == 4);

        CHECK(sets.remove(1, second->fd).has_value());
        CHECK(sets.all().at(1).size() == 1);
        CHECK(sets.all().at(1).front().opaque == "why");
        CHECK(sets.remove(1, second->fd).error().message ==
              "File descriptor named 'fdset-id:1, fd:" + std::to_string(second->fd) +
                  "' not found");
        CHECK(sets.remove(9, std::nullopt).error().message ==
              "File descriptor named 'fdset-id:9' not found");
        CHECK_FALSE(sets.add(-1, memory(), std::nullopt).has_value());
    }

    TEST_CASE("other paths are files; without sets there is none behind a path") {
        CHECK(open_user_file("/dev/null", O_RDONLY).valid());
        CHECK(refusal("/nonexistent", O_RDONLY) == ENOENT);
        CHECK(refusal("/dev/fdset/0", O_RDONLY) == ENOENT);
    }
}
