// SPDX-License-Identifier: Apache-2.0
// Random requests on real files, through the page cache and with direct I/O.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "devices/block/bounce_buffers.h"
#include "tests/unit/devices/block/engine_bench.h"

namespace siskin {

namespace {

using engine_test::Bench;
using engine_test::kFileSize;
using engine_test::Operation;

void equals_a_model(EngineKind kind, bool direct) {
    Bench bench(kind);
    if (direct && !bench.use_direct(kind)) {
        MESSAGE("skipped: the file system of /tmp has no direct I/O");
        return;
    }
    std::mt19937 random(7);
    std::vector<char> model(kFileSize);
    unsigned wrong = 0;
    for (int round = 0; round < 300; ++round) {
        const std::size_t size = 512 * (1 + random() % 32);
        const std::size_t offset = random() % ((kFileSize - size) / 512) * 512;
        Operation operation;
        const auto pieces = bench.pieces(operation, size, 1 + random() % size);
        if (random() % 2 == 0) {
            for (char& byte : operation.data) {
                byte = static_cast<char>(random());
            }
            std::copy(operation.data.begin(), operation.data.end(),
                      model.begin() + static_cast<std::ptrdiff_t>(offset));
            operation.prepare_write(offset, pieces, random() % 4 == 0);
            bench.run(operation);
        } else {
            operation.prepare_read(offset, pieces);
            bench.run(operation);
            wrong += std::equal(operation.data.begin(), operation.data.end(),
                                model.begin() + static_cast<std::ptrdiff_t>(offset))
                         ? 0
                         : 1;
        }
        wrong += operation.error == 0 ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(bench.path.bytes() == model);
}

void shares_bounce_buffers(EngineKind kind) {
    Bench bench(kind, O_RDWR, 4 * 1024 * 1024);
    if (!bench.use_direct(kind)) {
        MESSAGE("skipped: the file system of /tmp has no direct I/O");
        return;
    }
    // More than there are buffers, each in two pieces.
    constexpr std::size_t kSize = BounceBuffers::kBufferSize + 4096;
    constexpr unsigned kCount = 2 * BounceBuffers::kBuffersMax - 2;
    std::vector<std::unique_ptr<Operation>> owned;
    std::vector<Operation*> all;
    for (unsigned index = 0; index < kCount; ++index) {
        owned.push_back(std::make_unique<Operation>());
        const auto pieces = bench.pieces(*owned.back(), kSize, 3000);
        owned.back()->data.assign(kSize, static_cast<char>('A' + index));
        owned.back()->prepare_write(index * kSize, pieces, false);
        all.push_back(owned.back().get());
    }
    bench.submit_all(all);

    const auto bytes = bench.path.bytes();
    unsigned wrong = 0;
    for (unsigned index = 0; index < kCount; ++index) {
        const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(index * kSize);
        wrong +=
            all[index]->error == 0 && std::count(from, from + kSize, 'A' + index) == kSize ? 0 : 1;
    }
    CHECK(wrong == 0);
}

void reads_the_end_directly(EngineKind kind) {
    Bench bench(kind, O_RDWR, 5000);
    if (!bench.use_direct(kind)) {
        MESSAGE("skipped: the file system of /tmp has no direct I/O");
        return;
    }
    Operation read;
    const auto pieces = bench.pieces(read, 4096, 700);
    read.data.assign(4096, 'x');
    read.prepare_read(4096, pieces);
    bench.run(read);

    CHECK(read.error == 0);
    CHECK(std::count(read.data.begin(), read.data.end(), '\0') == 4096);
}

}  // namespace

void check_direct(EngineKind kind) {
    SUBCASE("300 random operations keep the file equal to a model") {
        equals_a_model(kind, false);
    }
    SUBCASE("so they do with direct I/O, whatever the alignment of the buffers (B11)") {
        equals_a_model(kind, true);
    }
    SUBCASE("many large unaligned requests share few bounce buffers (B11)") {
        shares_bounce_buffers(kind);
    }
    SUBCASE("direct I/O reads the end of a file inside a sector (B11)") {
        reads_the_end_directly(kind);
    }
}

}  // namespace siskin
