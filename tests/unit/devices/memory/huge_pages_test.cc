// SPDX-License-Identifier: Apache-2.0
// Proves devices/memory/huge_pages.
#include "devices/memory/huge_pages.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/harness/temporary_directory.h"

namespace siskin {

TEST_SUITE("devices/memory/huge_pages") {
    TEST_CASE("the sizes of the host, and how many pages are free, are told") {
        const test::TemporaryDirectory folder;
        std::filesystem::create_directory(folder.path("hugepages-2048kB"));
        std::filesystem::create_directory(folder.path("hugepages-1048576kB"));
        static_cast<void>(folder.write_file("hugepages-2048kB/free_hugepages", "3\n"));
        static_cast<void>(folder.write_file("hugepages-2048kB/nr_hugepages", "8\n"));
        const HugePages pages(folder.path());

        CHECK(pages.sizes() == std::vector<std::uint64_t>{2 * kMiB, kGiB});
        CHECK(pages.check_size(2 * kMiB).has_value());
        CHECK(pages.check_size(16 * kMiB).error().message ==
              "hugetlbsize is 16384k, this host has 2048k, 1048576k");
        CHECK(pages.shortage(2 * kMiB, ByteCount{9 * kMiB}) ==
              "needs 5 huge pages of 2048 KiB, the host has 3 free of 8 (sysctl vm.nr_hugepages)");
    }

    TEST_CASE("a kernel without huge pages is told of") {
        const test::TemporaryDirectory folder;
        const HugePages pages(folder.path("nothing"));

        CHECK(pages.check_size(2 * kMiB).error().message ==
              "hugetlbsize is 2048k, this host has no huge pages");
        CHECK(pages.shortage(2 * kMiB, ByteCount{2 * kMiB}) ==
              "needs 1 huge pages of 2048 KiB, the host has 0 free of 0 (sysctl vm.nr_hugepages)");
    }
}

}  // namespace siskin
