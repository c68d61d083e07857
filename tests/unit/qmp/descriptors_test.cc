// SPDX-License-Identifier: Apache-2.0
// Proves qmp/descriptors. The error texts are QEMU's.
#include "qmp/descriptors.h"

#include <doctest/doctest.h>

#include <string>

#include <fcntl.h>

using siskin::Fd;
using siskin::Result;
using siskin::qmp::AddfdInfo;
using siskin::qmp::Descriptors;

namespace {

Fd some_file() {
    return Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
}

bool is_open(int number) {
    return ::fcntl(number, F_GETFD) >= 0;
}

// Commands of monitor 0 unless told otherwise.
struct Bench {
    Result<> get(const std::string& name, Fd passed, std::size_t monitor = 0) {
        all.begin_command(monitor, std::move(passed));
        auto result = all.getfd({name});
        all.end_command();
        return result;
    }
    Result<AddfdInfo> add(std::optional<std::int64_t> set, Fd passed) {
        all.begin_command(0, std::move(passed));
        auto result = all.add_fd({set, {}});
        all.end_command();
        return result;
    }
    Descriptors all;
};

}  // namespace

TEST_SUITE("qmp/descriptors") {
    TEST_CASE("a name keeps a descriptor until a command takes it") {
        Bench bench;
        Fd file = some_file();
        const int number = file.get();
        REQUIRE(bench.get("a", std::move(file)).has_value());
        bench.all.begin_command(0, Fd());

        const auto taken = bench.all.take("a");

        REQUIRE(taken.has_value());
        CHECK(taken->get() == number);
        CHECK(bench.all.take("a").error().message ==
              "File descriptor named 'a' has not been found");
    }

    TEST_CASE("names belong to one monitor") {
        Bench bench;
        REQUIRE(bench.get("a", some_file(), 0).has_value());
        bench.all.begin_command(1, Fd());

        CHECK(bench.all.closefd({"a"}).error().message == "File descriptor named 'a' not found");
        bench.all.begin_command(0, Fd());
        CHECK(bench.all.closefd({"a"}).has_value());
        CHECK_FALSE(bench.all.closefd({"a"}).has_value());
    }

    TEST_CASE("the same name again closes the descriptor kept before") {
        Bench bench;
        Fd first = some_file();
        const int number = first.get();
        REQUIRE(bench.get("a", std::move(first)).has_value());
        Fd second = some_file();

        REQUIRE(bench.get("a", std::move(second)).has_value());

        CHECK_FALSE(is_open(number));
    }

    TEST_CASE("without a descriptor, or with a digit first, nothing is kept") {
        Bench bench;
        Fd file = some_file();
        const int number = file.get();

        CHECK(bench.get("1a", Fd()).error().message ==
              "No file descriptor supplied via SCM_RIGHTS");
        CHECK(bench.get("1a", std::move(file)).error().message ==
              "Parameter 'fdname' expects a name not starting with a digit");
        CHECK_FALSE(is_open(number));
        CHECK(bench.get("", some_file()).has_value());
    }

    TEST_CASE("what a command does not take is closed with it") {
        Bench bench;
        Fd file = some_file();
        const int number = file.get();
        bench.all.begin_command(0, std::move(file));

        bench.all.end_command();

        CHECK_FALSE(is_open(number));
    }

    TEST_CASE("a set without a number gets the lowest that is free") {
        Bench bench;
        CHECK(bench.add(0, some_file())->fdset_id == 0);
        CHECK(bench.add(2, some_file())->fdset_id == 2);

        CHECK(bench.add({}, some_file())->fdset_id == 1);
        CHECK(bench.add({}, some_file())->fdset_id == 3);
        CHECK(bench.add(-1, some_file()).error().message ==
              "Parameter 'fdset-id' expects a non-negative value");
        CHECK(bench.add(-1, Fd()).error().message == "No file descriptor supplied via SCM_RIGHTS");
    }

    TEST_CASE("sets are listed from the highest, their descriptors as they came") {
        Bench bench;
        const auto first = bench.add(0, some_file());
        const auto second = bench.add(0, some_file());
        bench.all.begin_command(0, some_file());
        REQUIRE(bench.all.add_fd({7, "rdonly:/x"}).has_value());

        const auto sets = bench.all.query_fdsets();

        REQUIRE(sets->size() == 2);
        CHECK(sets->at(0).fdset_id == 7);
        CHECK(sets->at(0).fds.at(0).opaque == "rdonly:/x");
        REQUIRE(sets->at(1).fds.size() == 2);
        CHECK(sets->at(1).fds.at(0).fd == first->fd);
        CHECK(sets->at(1).fds.at(1).fd == second->fd);
    }

    TEST_CASE("a set goes with its last descriptor, or all at once") {
        Bench bench;
        const auto first = bench.add(0, some_file());
        const auto second = bench.add(0, some_file());
        REQUIRE(bench.add(1, some_file()).has_value());

        CHECK(bench.all.remove_fd({0, first->fd}).has_value());
        CHECK(bench.all.remove_fd({0, first->fd}).error().message ==
              "File descriptor named 'fdset-id:0, fd:" + std::to_string(first->fd) + "' not found");
        CHECK(bench.all.remove_fd({0, second->fd}).has_value());
        CHECK(bench.all.remove_fd({0, {}}).error().message ==
              "File descriptor named 'fdset-id:0' not found");
        CHECK(bench.all.remove_fd({1, {}}).has_value());
        CHECK(bench.all.query_fdsets()->empty());
    }

    TEST_CASE("the number of descriptors has a limit, and room comes back") {
        Bench bench;
        for (std::size_t number = 0; number < Descriptors::kDescriptorsMax; ++number) {
            REQUIRE(bench.get("n" + std::to_string(number), some_file()).has_value());
        }

        CHECK_FALSE(bench.get("more", some_file()).has_value());
        CHECK_FALSE(bench.add(0, some_file()).has_value());
        CHECK(bench.get("n0", some_file()).has_value());
        CHECK(bench.all.closefd({"n0"}).has_value());
        CHECK(bench.add(0, some_file()).has_value());
    }
}
