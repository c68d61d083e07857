// SPDX-License-Identifier: Apache-2.0
// Proves firmware/linux/boot_file.
#include "firmware/linux/boot_file.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "tests/unit/firmware/test_files.h"

namespace siskin {

namespace {

std::string refusal(const std::string& path) {
    const auto file = BootFile::open("kernel", path);
    REQUIRE_FALSE(file.has_value());
    return file.error().message;
}

BootFile open(const test::TestFile& file) {
    auto opened = BootFile::from_fd("kernel", "k", file.descriptor());
    REQUIRE(opened.has_value());
    return *std::move(opened);
}

}  // namespace

TEST_SUITE("firmware/linux/boot_file") {
    TEST_CASE("what is missing, a directory, a device or empty is told in one line") {
        const test::TestFile empty({});

        CHECK(refusal("/nonexistent/vmlinuz") ==
              "kernel: could not open '/nonexistent/vmlinuz': No such file or directory");
        CHECK(refusal("/proc") == "kernel '/proc' is a directory");
        CHECK(refusal("/dev/null") == "kernel '/dev/null' is not a regular file");
        CHECK(refusal(empty.path()) == "kernel '" + empty.path() + "' is empty");
    }

    TEST_CASE("a read gives the bytes up to the very last one and none behind it") {
        const test::TestFile file(test::bytes_of("0123456789"));
        const BootFile opened = open(file);
        std::array<std::byte, 4> into{};

        REQUIRE(opened.read(6, into).has_value());
        CHECK(into[3] == std::byte{'9'});
        const auto past = opened.read(7, into);
        REQUIRE_FALSE(past.has_value());
        CHECK(past.error().message == "kernel 'k' ends after 10 bytes, 11 were expected");
    }

    TEST_CASE("an offset that no file has is an error") {
        const test::TestFile file(test::bytes_of("0123456789"));
        std::array<std::byte, 4> into{};

        CHECK_FALSE(open(file).read(std::numeric_limits<std::uint64_t>::max(), into).has_value());
        CHECK_FALSE(open(file).read(std::uint64_t{1} << 63, into).has_value());
    }

    TEST_CASE("a file that shrinks while it is open is an error at the next read") {
        const test::TestFile file(test::bytes_of("0123456789"));
        const BootFile opened = open(file);
        std::array<std::byte, 4> into{};

        file.truncate(5);

        CHECK(opened.size().value() == ByteCount{5});
        CHECK_FALSE(opened.read(4, into).has_value());
        file.truncate(0);
        CHECK_FALSE(opened.size().has_value());
    }

    TEST_CASE("guest memory takes the bytes where they fit and refuses where it ends") {
        const test::TestFile file(test::bytes_of("0123456789"));
        const BootFile opened = open(file);
        const auto memory = test::make_ram(0x1000);

        REQUIRE(opened.read_to_guest(2, *memory, GuestAddress{0xff8}, ByteCount{8}).has_value());
        CHECK(memory->read_object<char>(GuestAddress{0xfff}).value() == '9');
        const auto past = opened.read_to_guest(2, *memory, GuestAddress{0xff9}, ByteCount{8});
        REQUIRE_FALSE(past.has_value());
        CHECK(past.error().message ==
              "kernel 'k' does not fit: guest addresses 0xff9 + 0x8 are not RAM");
        CHECK(opened.read_to_guest(0, *memory, GuestAddress{0x5000}, ByteCount{0}).has_value());
    }

    TEST_CASE("sizes are told in MiB, rounded up, and small ones in bytes") {
        CHECK(size_text(0) == "0 bytes");
        CHECK(size_text(kMiB - 1) == "1048575 bytes");
        CHECK(size_text(kMiB) == "1 MiB");
        CHECK(size_text(kMiB + 1) == "2 MiB");
    }
}

}  // namespace siskin
