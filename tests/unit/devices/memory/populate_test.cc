// SPDX-License-Identifier: Apache-2.0
// Proves devices/memory/populate.
#include "devices/memory/populate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mapping.h"

namespace siskin {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::array kWays{PopulateWay::Advice, PopulateWay::Pipe};

std::size_t pages_there(const Mapping& memory) {
    std::vector<unsigned char> residency(memory.size() / kPage);
    REQUIRE(::mincore(memory.data(), memory.size(), residency.data()) == 0);
    return static_cast<std::size_t>(
        std::count_if(residency.begin(), residency.end(), [](auto page) { return page & 1; }));
}

}  // namespace

TEST_SUITE("devices/memory/populate") {
    TEST_CASE("every page is there afterwards, whichever way and with how many threads") {
        constexpr std::size_t kPages = 2500;  // more than one turn of a pipe
        for (const PopulateWay way : kWays) {
            for (const std::uint32_t threads : {1U, 3U, 16U, 5000U}) {
                const auto memory = Mapping::anonymous(kPages * kPage);
                REQUIRE(memory.has_value());
                ::madvise(memory->data(), memory->size(), MADV_NOHUGEPAGE);
                REQUIRE(pages_there(*memory) == 0);

                REQUIRE(populate(memory->data(), memory->size(), kPage,
                                 std::min(threads, std::uint32_t{64}), way));

                CHECK(pages_there(*memory) == kPages);
            }
        }
    }

    TEST_CASE("what is in the memory stays") {
        for (const PopulateWay way : kWays) {
            const auto memory = Mapping::anonymous(3 * kPage);
            REQUIRE(memory.has_value());
            std::fill_n(memory->data(), memory->size(), std::byte{0x5a});

            REQUIRE(populate(memory->data(), memory->size(), kPage, 2, way));

            CHECK(std::all_of(memory->data(), memory->data() + memory->size(),
                              [](std::byte byte) { return byte == std::byte{0x5a}; }));
        }
    }

    TEST_CASE("pages that cannot be had are an error and no SIGBUS (X07)") {
        for (const PopulateWay way : kWays) {
            Fd file(::memfd_create("populate_test", MFD_CLOEXEC));
            REQUIRE(::ftruncate(file.get(), 2 * kPage) == 0);
            const auto memory = Mapping::shared(file, 8 * kPage);
            REQUIRE(memory.has_value());

            const auto done = populate(memory->data(), memory->size(), kPage, 2, way);

            REQUIRE_FALSE(done.has_value());
            CHECK(done.error().message.starts_with("could not preallocate: the host has not"));
        }
    }
}

}  // namespace siskin
