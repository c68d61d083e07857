// SPDX-License-Identifier: Apache-2.0
// Proves base/fd.
#include "base/fd.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace siskin {
namespace {

bool is_open(int number) {
    return ::fcntl(number, F_GETFD) >= 0;
}

Fd open_null() {
    auto opened = open_file("/dev/null", O_RDWR);
    REQUIRE(opened.has_value());
    return std::move(*opened);
}

EventFd new_event() {
    auto event = EventFd::create();
    REQUIRE(event.has_value());
    return std::move(*event);
}

}  // namespace

TEST_SUITE("base/fd") {
    TEST_CASE("a descriptor is closed when its owner goes") {
        int number = -1;
        {
            const Fd fd = open_null();
            number = fd.get();
            CHECK(is_open(number));
        }
        CHECK_FALSE(is_open(number));
    }

    TEST_CASE("moving leaves nothing behind and closes what was there") {
        Fd first = open_null();
        Fd second = open_null();
        const int first_number = first.get();
        const int second_number = second.get();

        second = std::move(first);

        CHECK(second.get() == first_number);
        CHECK_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): what the move leaves
        CHECK_FALSE(is_open(second_number));
    }

    TEST_CASE("moving an owner into itself keeps the descriptor") {
        Fd fd = open_null();
        Fd& same = fd;

        fd = std::move(same);

        CHECK(fd.valid());
        CHECK(is_open(fd.get()));
    }

    TEST_CASE("a released descriptor stays open") {
        Fd fd = open_null();

        const Fd other(fd.release());

        CHECK_FALSE(fd.valid());
        fd.reset();
        CHECK(is_open(other.get()));
    }

    TEST_CASE("a duplicate is its own descriptor, closed on exec") {
        const Fd fd = open_null();

        const auto copy = fd.duplicate();

        REQUIRE(copy.has_value());
        CHECK(copy->get() != fd.get());
        CHECK((::fcntl(copy->get(), F_GETFD) & FD_CLOEXEC) != 0);
    }

    TEST_CASE("duplicating nothing is an error") {
        const auto copy = Fd().duplicate();

        REQUIRE_FALSE(copy.has_value());
        CHECK(copy.error().message == "could not duplicate a file descriptor: Bad file descriptor");
    }

    TEST_CASE("opening names the path and the reason when it fails") {
        const auto missing = open_file("/nonexistent/kernel", O_RDONLY);

        REQUIRE_FALSE(missing.has_value());
        CHECK(missing.error().message ==
              "could not open '/nonexistent/kernel': No such file or directory");
    }

    TEST_CASE("an opened file is closed on exec") {
        const Fd fd = open_null();

        CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
}

TEST_SUITE("base/fd: EventFd") {
    TEST_CASE("signals add up and are taken at once") {
        const EventFd event = new_event();

        event.signal();
        event.signal();

        CHECK(event.take() == 2);
        CHECK(event.take() == 0);
    }

    TEST_CASE("looking whether it is readable leaves the count") {
        const EventFd event = new_event();
        CHECK_FALSE(event.readable());

        event.signal();

        CHECK(event.readable());
        CHECK(event.take() == 1);
        CHECK_FALSE(event.readable());
    }

    TEST_CASE("a duplicate is the same counter") {
        const EventFd event = new_event();
        const auto other = event.duplicate();
        REQUIRE(other.has_value());

        other->signal();

        CHECK(event.take() == 1);
    }

    TEST_CASE("signalling a full counter does not block and loses no wake-up (eventfd(2))") {
        const EventFd event = new_event();
        const std::uint64_t full = std::numeric_limits<std::uint64_t>::max() - 1;
        REQUIRE(::write(event.get(), &full, sizeof(full)) == sizeof(full));

        event.signal();

        CHECK(event.take() == full);
    }
}

}  // namespace siskin
