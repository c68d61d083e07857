// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/fixed_buffers: what is pinned, which buffers are in it, and requests that
// use it.
#include "devices/block/fixed_buffers.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/devices/block/engine_bench.h"

namespace siskin {

namespace {

using engine_test::Bench;
using engine_test::kFileSize;
using engine_test::Operation;

constexpr std::uint64_t kRegion = 2 * kMiB;

std::shared_ptr<const Mapping> map(std::uint64_t size) {
    return std::make_shared<const Mapping>(*Mapping::anonymous(size));
}

// Two regions with a hole between them in the guest.
struct Memory {
    std::shared_ptr<const GuestMemory> guest =
        *GuestMemory::create({GuestRegion{GuestAddress{0}, map(kRegion)},
                              GuestRegion{GuestAddress{16 * kMiB}, map(kRegion)}});

    std::byte* at(std::size_t region, std::uint64_t offset) const {
        return guest->regions()[region].data() + offset;
    }
    iovec buffer(std::size_t region, std::uint64_t offset, std::size_t size) const {
        return iovec{at(region, offset), size};
    }
};

// The engine of `bench` is to pin `guest` at its next attach.
void lend(Bench& bench, std::shared_ptr<const GuestMemory> guest) {
    bench.access.fixed_buffers = true;
    bench.engine->detach(bench.loop);
    bench.engine->lend_memory(std::move(guest));
}

// KiB that this process has pinned: proc(5), status.
std::uint64_t pinned_kib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word == "VmPin:") {
            std::uint64_t size = 0;
            status >> size;
            return size;
        }
    }
    return 0;
}

}  // namespace

TEST_SUITE("devices/block/fixed_buffers") {
    TEST_CASE("a buffer is found where a region holds all of it") {
        const Memory memory;
        CHECK_FALSE(FixedBuffers().index_of(memory.buffer(0, 0, 1)).has_value());

        const FixedBuffers fixed(memory.guest);

        CHECK(fixed.pieces().size() == 2);
        for (const std::size_t region : {0U, 1U}) {
            const auto first = fixed.index_of(memory.buffer(region, 0, 1));
            REQUIRE(first.has_value());
            CHECK(fixed.index_of(memory.buffer(region, 0, kRegion)) == first);
            CHECK(fixed.index_of(memory.buffer(region, kRegion - 1, 1)) == first);
            CHECK_FALSE(fixed.index_of(memory.buffer(region, 0, kRegion + 1)).has_value());
            CHECK_FALSE(fixed.index_of(memory.buffer(region, kRegion - 1, 2)).has_value());
            CHECK_FALSE(fixed.index_of(memory.buffer(region, 1, SIZE_MAX)).has_value());
        }
        CHECK(fixed.index_of(memory.buffer(0, 0, 1)) != fixed.index_of(memory.buffer(1, 0, 1)));
        char elsewhere = 0;
        CHECK_FALSE(fixed.index_of(iovec{&elsewhere, 1}).has_value());
    }

    TEST_CASE("what the kernel cannot take in one piece is cut") {
        // Nothing touches it.
        const std::uint64_t size = FixedBuffers::kPieceMax + 4096;
        const auto guest = *GuestMemory::create({GuestRegion{GuestAddress{0}, map(size)}});
        std::byte* const data = guest->regions()[0].data();

        const FixedBuffers fixed(guest);

        REQUIRE(fixed.pieces().size() == 2);
        CHECK(fixed.index_of(iovec{data, FixedBuffers::kPieceMax}) == 0);
        CHECK(fixed.index_of(iovec{data + FixedBuffers::kPieceMax, 4096}) == 1);
        CHECK_FALSE(fixed.index_of(iovec{data + FixedBuffers::kPieceMax - 1, 2}).has_value());
    }

    TEST_CASE("memory of too many pieces is not pinned, and the engine works without") {
        const auto mapping = map((FixedBuffers::kPiecesMax + 1) * 4096);
        std::vector<GuestRegion> regions;
        for (std::size_t index = 0; index <= FixedBuffers::kPiecesMax; ++index) {
            regions.push_back(
                GuestRegion{GuestAddress{index * 8192}, mapping, index * 4096, ByteCount{4096}});
        }
        const auto before = pinned_kib();
        Bench bench(EngineKind::Uring);
        lend(bench, *GuestMemory::create(regions));

        REQUIRE(bench.engine->attach(bench.loop).has_value());

        CHECK(pinned_kib() == before);
        Operation read;
        read.buffers = {iovec{mapping->data(), 4096}};
        read.prepare_read(0, read.buffers);
        bench.run(read);
        CHECK(read.error == 0);
    }

    TEST_CASE("an engine pins what it was lent from its first loop to its end") {
        const Memory memory;
        const auto before = pinned_kib();
        Bench bench(EngineKind::Uring);
        if (!bench.use_direct(EngineKind::Uring)) {
            MESSAGE("skipped: the file system of /tmp has no direct I/O");
            return;
        }
        lend(bench, memory.guest);
        CHECK(pinned_kib() == before);

        REQUIRE(bench.engine->attach(bench.loop).has_value());

        CHECK(pinned_kib() == before + 2 * kRegion / 1024);
    }

    TEST_CASE("without the option nothing is pinned") {
        const Memory memory;
        const auto before = pinned_kib();
        Bench bench(EngineKind::Uring);
        bench.engine->detach(bench.loop);
        bench.engine->lend_memory(memory.guest);

        REQUIRE(bench.engine->attach(bench.loop).has_value());

        CHECK(pinned_kib() == before);
    }

    TEST_CASE("requests in pinned memory, beside it, and in several pieces transfer the same") {
        const Memory memory;
        Bench bench(EngineKind::Uring);
        if (!bench.use_direct(EngineKind::Uring)) {
            MESSAGE("skipped: the file system of /tmp has no direct I/O");
            return;
        }
        lend(bench, memory.guest);
        REQUIRE(bench.engine->attach(bench.loop).has_value());
        constexpr std::size_t kSize = 8192;
        std::vector<char> expected(kFileSize);
        for (std::size_t index = 0; index < kFileSize; ++index) {
            expected[index] = static_cast<char>(index * 7 + index / 512);
        }
        for (std::size_t at = 0; at < kFileSize; at += kSize) {
            std::memcpy(memory.at(at / kSize % 2, at), expected.data() + at, kSize);
            Operation write;
            write.buffers = {memory.buffer(at / kSize % 2, at, kSize)};
            write.prepare_write(at, write.buffers, false);
            bench.run(write);
            CHECK(write.error == 0);
        }
        CHECK(bench.path.bytes() == expected);

        for (std::size_t at = 0; at < kFileSize; at += kSize) {
            Operation fixed;
            fixed.buffers = {memory.buffer(1, kMiB + at, kSize)};
            fixed.prepare_read(at, fixed.buffers);
            bench.run(fixed);
            Operation two;
            two.buffers = {memory.buffer(0, kMiB, 4096), memory.buffer(0, kMiB + 8192, 4096)};
            two.prepare_read(at, two.buffers);
            bench.run(two);
            Operation beside;
            beside.prepare_read(at, bench.pieces(beside, kSize, kSize));
            bench.run(beside);

            CHECK(std::memcmp(memory.at(1, kMiB + at), expected.data() + at, kSize) == 0);
            CHECK(std::memcmp(memory.at(0, kMiB), expected.data() + at, 4096) == 0);
            CHECK(std::memcmp(memory.at(0, kMiB + 8192), expected.data() + at + 4096, 4096) == 0);
            CHECK(std::memcmp(beside.data.data(), expected.data() + at, kSize) == 0);
        }
    }
}

}  // namespace siskin
