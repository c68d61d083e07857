// SPDX-License-Identifier: Apache-2.0
// Proves base/memory/guest_memory.
#include "base/memory/guest_memory.h"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace siskin {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kPage = 4096;

GuestRegion region(std::uint64_t base, std::uint64_t size) {
    auto mapping = Mapping::anonymous(size);
    REQUIRE(mapping.has_value());
    return GuestRegion{GuestAddress{base}, std::make_shared<const Mapping>(std::move(*mapping))};
}

std::shared_ptr<const GuestMemory> memory_of(std::vector<GuestRegion> regions) {
    auto memory = GuestMemory::create(std::move(regions));
    REQUIRE(memory.has_value());
    return std::move(*memory);
}

// Low RAM, a hole, RAM above 4 GiB, and two regions that touch at its end.
std::shared_ptr<const GuestMemory> usual_memory() {
    return memory_of({region(4 * kGiB, 4 * kPage), region(0, 16 * kPage),
                      region(4 * kGiB + 4 * kPage, 2 * kPage)});
}

using Wide = unsigned __int128;

// The promise of GuestMemory::span in arithmetic that cannot wrap.
bool is_ram(const GuestMemory& memory, std::uint64_t address, std::uint64_t size) {
    bool found = false;
    for (const GuestRegion& ram : memory.regions()) {
        const Wide begin = ram.base.value();
        const Wide end = begin + ram.size().value();
        found = found || (size != 0 && address >= begin && Wide{address} + size <= end);
    }
    return found;
}

}  // namespace

TEST_SUITE("base/memory/guest_memory") {
    TEST_CASE("every pair of an edge address and an edge length agrees with 128-bit arithmetic") {
        const auto memory = usual_memory();
        std::vector<std::uint64_t> edges{0, 1, 511, 512, 1ULL << 31U, 1ULL << 32U, 1ULL << 63U};
        for (const GuestRegion& ram : memory->regions()) {
            edges.push_back(ram.base.value());
            edges.push_back(ram.base.value() + ram.size().value());
            edges.push_back(ram.size().value());
        }
        std::vector<std::uint64_t> numbers;
        for (const std::uint64_t edge : edges) {
            for (const std::uint64_t near :
                 {edge - 4096, edge - 1, edge, edge + 1, edge + 4096, kMax - edge}) {
                numbers.push_back(near);
            }
        }

        std::size_t pairs = 0;
        std::size_t ranges = 0;
        for (const std::uint64_t address : numbers) {
            for (const std::uint64_t size : numbers) {
                const auto span = memory->span(GuestAddress{address}, ByteCount{size});
                const bool expected = is_ram(*memory, address, size);
                ++pairs;
                ranges += expected ? 1 : 0;
                REQUIRE_MESSAGE(span.has_value() == expected, address, " + ", size);
            }
        }
        CHECK(pairs > 8000);
        CHECK(ranges > 100);
    }

    TEST_CASE("a span points at the very bytes of its region") {
        const auto memory = usual_memory();

        const auto span = memory->span(GuestAddress{4 * kGiB + 5}, ByteCount{7});

        REQUIRE(span.has_value());
        CHECK(span->data() == memory->regions()[1].backing->data() + 5);
        CHECK(span->size() == 7);
    }

    TEST_CASE("a range over the border of two regions that touch is not one span") {
        const auto memory = usual_memory();
        const std::uint64_t border = 4 * kGiB + 4 * kPage;

        CHECK(memory->span(GuestAddress{border - 1}, ByteCount{1}).has_value());
        CHECK(memory->span(GuestAddress{border}, ByteCount{1}).has_value());
        CHECK_FALSE(memory->span(GuestAddress{border - 1}, ByteCount{2}).has_value());
    }

    TEST_CASE("an object written is the object read") {
        const auto memory = usual_memory();
        const std::array<std::uint32_t, 3> written{1, 2, 0xffff'ffff};

        REQUIRE(memory->write_object(GuestAddress{0x101}, written).has_value());
        const auto read = memory->read_object<std::array<std::uint32_t, 3>>(GuestAddress{0x101});

        REQUIRE(read.has_value());
        CHECK(*read == written);
    }

    TEST_CASE("an access outside RAM is an error that names the range") {
        const auto memory = usual_memory();

        const auto read = memory->read_object<std::uint64_t>(GuestAddress{16 * kPage - 4});
        const auto written = memory->write_object(GuestAddress{kMax - 3}, std::uint64_t{1});

        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().message == "guest address range 0xfffc + 0x8 is not RAM");
        REQUIRE_FALSE(written.has_value());
        CHECK(written.error().message == "guest address range 0xfffffffffffffffc + 0x8 is not RAM");
    }

    TEST_CASE("a write that reaches past the end changes no byte before it") {
        const auto memory = usual_memory();

        CHECK_FALSE(memory->write_object(GuestAddress{16 * kPage - 4}, kMax).has_value());

        CHECK(memory->read_object<std::uint32_t>(GuestAddress{16 * kPage - 4}) == 0U);
    }

    TEST_CASE("copying nothing succeeds at any address, RAM or not") {
        const auto memory = usual_memory();

        CHECK(memory->read(GuestAddress{kMax}, {}).has_value());
        CHECK(memory->write(GuestAddress{kMax}, {}).has_value());
        CHECK_FALSE(memory->span(GuestAddress{0}, ByteCount{0}).has_value());
    }

    TEST_CASE("regions come sorted, whatever order they were given in") {
        const auto memory = usual_memory();

        REQUIRE(memory->regions().size() == 3);
        CHECK(memory->regions()[0].base == GuestAddress{0});
        CHECK(memory->regions()[1].base == GuestAddress{4 * kGiB});
        CHECK(memory->regions()[2].base == GuestAddress{4 * kGiB + 4 * kPage});
    }

    TEST_CASE("regions that meet are refused, regions that touch are not") {
        std::vector<GuestRegion> meeting{region(0, 2 * kPage), region(kPage, kPage)};
        std::vector<GuestRegion> same{region(0, kPage), region(0, kPage)};
        std::vector<GuestRegion> touching{region(0, kPage), region(kPage, kPage)};

        const auto refused = GuestMemory::create(std::move(meeting));

        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message ==
              "guest memory region at 0x1000 is empty, wraps or overlaps another");
        CHECK_FALSE(GuestMemory::create(std::move(same)).has_value());
        CHECK(GuestMemory::create(std::move(touching)).has_value());
    }

    TEST_CASE("an empty region and one that wraps are refused") {
        const GuestRegion empty{GuestAddress{0}, std::make_shared<const Mapping>()};

        CHECK_FALSE(GuestMemory::create({empty}).has_value());
        CHECK_FALSE(GuestMemory::create({region(kMax - kPage + 2, kPage)}).has_value());
    }

    TEST_CASE("memory without regions has no byte") {
        const auto memory = memory_of({});

        CHECK_FALSE(memory->span(GuestAddress{0}, ByteCount{1}).has_value());
    }

    TEST_CASE("a new memory map shares the RAM that stays") {
        const GuestRegion kept = region(0, kPage);
        const auto before = memory_of({kept});
        const auto after = memory_of({kept, region(kGiB, kPage)});

        REQUIRE(before->write_object(GuestAddress{8}, std::uint8_t{9}).has_value());

        CHECK(after->read_object<std::uint8_t>(GuestAddress{8}) == std::uint8_t{9});
    }

    TEST_CASE("two regions may be parts of one backing, each at its offset") {
        const auto backing = region(0, 4 * kPage).backing;
        const auto memory = memory_of({{GuestAddress{0}, backing, 0, ByteCount{kPage}},
                                       {GuestAddress{8 * kPage}, backing, 2 * kPage}});

        REQUIRE(memory->write_object(GuestAddress{8 * kPage}, std::uint8_t{7}).has_value());

        CHECK(backing->data()[2 * kPage] == std::byte{7});
        CHECK(memory->span(GuestAddress{8 * kPage}, ByteCount{2 * kPage}).has_value());
        CHECK_FALSE(memory->span(GuestAddress{8 * kPage}, ByteCount{2 * kPage + 1}).has_value());
        CHECK_FALSE(memory->span(GuestAddress{kPage}, ByteCount{1}).has_value());
    }

    TEST_CASE("a region that is no part of its backing is refused") {
        const auto backing = region(0, 4 * kPage).backing;
        const auto refused = [&](std::size_t offset, std::uint64_t length) {
            return !GuestMemory::create({{GuestAddress{0}, backing, offset, ByteCount{length}}})
                        .has_value();
        };

        CHECK_FALSE(refused(3 * kPage, kPage));
        CHECK(refused(3 * kPage, 2 * kPage));
        CHECK(refused(5 * kPage, 1));
        CHECK(refused(kPage, kMax));
    }
}

}  // namespace siskin
