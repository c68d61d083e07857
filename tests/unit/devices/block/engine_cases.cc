// SPDX-License-Identifier: Apache-2.0
// The cases of engine_cases.h.
#include "tests/unit/devices/block/engine_cases.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/loop/io_loop.h"
#include "devices/block/bounce_buffers.h"
#include "devices/block/direct_io.h"
#include "devices/block/thread_engine.h"
#include "devices/block/uring_engine.h"
#include "tests/unit/devices/block/engine_bench.h"

namespace siskin {

namespace {

using engine_test::Bench;
using engine_test::kFileSize;
using engine_test::Operation;

void writes_and_reads_back(EngineKind kind) {
    Bench bench(kind);
    Operation write;
    const auto pieces = bench.pieces(write, 8192, 1000);
    for (std::size_t at = 0; at < write.data.size(); ++at) {
        write.data[at] = static_cast<char>(at * 31);
    }
    write.prepare_write(4096, pieces, false);
    bench.run(write);
    CHECK(write.error == 0);
    CHECK(write.completions == 1);

    Operation read;
    read.prepare_read(4096, bench.pieces(read, 8192, 3000));
    bench.run(read);

    CHECK(read.error == 0);
    CHECK(read.data == write.data);
    const auto bytes = bench.path.bytes();
    CHECK(bytes.size() == kFileSize);
    CHECK(std::vector<char>(bytes.begin() + 4096, bytes.begin() + 12288) == write.data);
    CHECK(std::count(bytes.begin(), bytes.begin() + 4096, 0) == 4096);
    CHECK(std::count(bytes.begin() + 12288, bytes.end(), 0) == kFileSize - 12288);
}

void serves_many_at_once(EngineKind kind) {
    Bench bench(kind);
    // More than one submission ring takes, and flushes between.
    std::vector<std::unique_ptr<Operation>> owned;
    std::vector<Operation*> all;
    for (unsigned index = 0; index < 300; ++index) {
        owned.push_back(std::make_unique<Operation>());
        Operation& operation = *owned.back();
        if (index % 10 == 9) {
            operation.prepare_flush();
        } else {
            const auto pieces = bench.pieces(operation, 512, 512);
            operation.data.assign(512, static_cast<char>(index));
            operation.prepare_write(index * 512, pieces, index % 10 == 8);
        }
        all.push_back(&operation);
    }
    bench.submit_all(all);

    unsigned wrong = 0;
    const auto bytes = bench.path.bytes();
    for (unsigned index = 0; index < 300; ++index) {
        const char expected = index % 10 == 9 ? '\0' : static_cast<char>(index);
        wrong += all[index]->error == 0 && all[index]->completions == 1 &&
                         bytes[index * 512] == expected && bytes[index * 512 + 511] == expected
                     ? 0
                     : 1;
    }
    CHECK(wrong == 0);
}

void tells_the_end_of_a_cut_file(EngineKind kind) {
    Bench bench(kind);
    bench.path.truncate(10000);
    Operation inside;
    inside.prepare_read(0, bench.pieces(inside, 4096, 4096));
    bench.run(inside);
    CHECK(inside.error == 0);

    Operation across;
    across.prepare_read(8192, bench.pieces(across, 4096, 4096));
    bench.run(across);
    CHECK(across.error == EIO);

    Operation behind;
    behind.prepare_read(65536, bench.pieces(behind, 512, 512));
    bench.run(behind);
    CHECK(behind.error == EIO);
}

void fills_the_last_sector(EngineKind kind) {
    Bench bench(kind, O_RDWR, 1000);
    Operation read;
    const auto pieces = bench.pieces(read, 1024, 100);
    read.data.assign(1024, 'x');
    read.prepare_read(0, pieces);
    bench.run(read);
    CHECK(read.error == 0);
    CHECK(std::count(read.data.begin(), read.data.end(), '\0') == 1024);
}

void reports_host_errors(EngineKind kind) {
    Bench bench(kind, O_RDONLY);
    Operation write;
    write.prepare_write(0, bench.pieces(write, 512, 512), false);
    bench.run(write);
    CHECK(write.error == EBADF);

    // The next one is not touched by it.
    Operation read;
    read.prepare_read(0, bench.pieces(read, 512, 512));
    bench.run(read);
    CHECK(read.error == 0);
    Operation flush;
    flush.prepare_flush();
    bench.run(flush);
    CHECK(flush.error == 0);
}

void keeps_a_failed_flush(EngineKind kind) {
    Bench bench(kind);
    bench.access.flush_error = EIO;
    Operation flush;
    flush.prepare_flush();
    bench.run(flush);
    CHECK(flush.error == EIO);

    Operation durable;
    durable.prepare_write(0, bench.pieces(durable, 512, 512), true);
    bench.run(durable);
    CHECK(durable.error == EIO);
    Operation write;
    write.prepare_write(0, bench.pieces(write, 512, 512), false);
    bench.run(write);
    CHECK(write.error == 0);
}

void attaches_again(EngineKind kind) {
    Bench bench(kind);
    for (int round = 0; round < 3; ++round) {
        bench.engine->detach(bench.loop);
        REQUIRE(bench.engine->attach(bench.loop).has_value());
        Operation read;
        read.prepare_read(0, bench.pieces(read, 512, 512));
        bench.run(read);
        CHECK(read.error == 0);
    }
}

void does_not_flush(EngineKind kind) {
    Bench bench(kind);
    // fdatasync(2) of this would be EINVAL.
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    bench.access.file = Fd(ends[0]);
    const Fd other(ends[1]);
    Operation before;
    before.prepare_flush();
    bench.engine->detach(bench.loop);
    UringUnavailable unavailable;
    bench.access.no_flush = true;
    bench.engine = kind == EngineKind::Uring ? *UringEngine::create(bench.access, 64, unavailable)
                                             : *ThreadEngine::create(bench.access);
    REQUIRE(bench.engine->attach(bench.loop).has_value());
    bench.run(before);
    CHECK(before.error == 0);

    bench.access.no_flush = false;
    Operation after;
    after.prepare_flush();
    bench.run(after);
    CHECK(after.error == EINVAL);
}

// The whole file is written, so that it has all its room.
void fill(Bench& bench) {
    Operation write;
    const auto pieces = bench.pieces(write, kFileSize, kFileSize);
    write.data.assign(kFileSize, 'x');
    write.prepare_write(0, pieces, true);
    bench.run(write);
    REQUIRE(write.error == 0);
}

void check_zeroes_between(const std::vector<char>& bytes, std::size_t from, std::size_t to) {
    CHECK(std::count(bytes.begin(), bytes.end(), '\0') == static_cast<std::ptrdiff_t>(to - from));
    CHECK(bytes.at(from) == 0);
    CHECK(bytes.at(to - 1) == 0);
}

void writes_zeroes(EngineKind kind) {
    for (const bool may_unmap : {false, true}) {
        Bench bench(kind);
        bench.access.unmap = true;
        fill(bench);
        const auto room = bench.path.room();
        Operation zeroes;
        zeroes.prepare_write_zeroes(8192, 65536 + 512, may_unmap, true);
        bench.run(zeroes);

        CHECK(zeroes.error == 0);
        CHECK(zeroes.completions == 1);
        check_zeroes_between(bench.path.bytes(), 8192, 8192 + 65536 + 512);
        CHECK(bench.path.bytes().size() == kFileSize);
        // All file systems that can run this suite punch holes.
        CHECK(bench.path.room() == (may_unmap ? room - 65536 : room));
    }
}

void discards(EngineKind kind) {
    Bench bench(kind);
    fill(bench);
    const auto room = bench.path.room();
    Operation ignored;
    ignored.prepare_discard(4096, 65536);
    bench.run(ignored);
    CHECK(ignored.error == 0);
    CHECK(bench.path.room() == room);
    const auto bytes = bench.path.bytes();
    CHECK(std::count(bytes.begin(), bytes.end(), '\0') == 0);

    bench.access.unmap = true;
    Operation discard;
    discard.prepare_discard(4096, 65536);
    bench.run(discard);
    CHECK(discard.error == 0);
    CHECK(bench.path.room() == room - 65536);
    check_zeroes_between(bench.path.bytes(), 4096, 4096 + 65536);
}

}  // namespace

void check_engine(EngineKind kind) {
    SUBCASE("what is written is read back, in any pieces") {
        writes_and_reads_back(kind);
    }
    SUBCASE("300 operations at once all complete, once") {
        serves_many_at_once(kind);
    }
    SUBCASE("a file that was cut gives EIO, not zeroes") {
        tells_the_end_of_a_cut_file(kind);
    }
    SUBCASE("the tail of the last sector reads as zeroes") {
        fills_the_last_sector(kind);
    }
    SUBCASE("an error of the host is its operation's alone") {
        reports_host_errors(kind);
    }
    SUBCASE("after a failed flush every flush fails, writes go on") {
        keeps_a_failed_flush(kind);
    }
    SUBCASE("an engine can be detached and attached again") {
        attaches_again(kind);
    }
    SUBCASE("zeroes are zeroes, and keep their room unless they may unmap (B03)") {
        writes_zeroes(kind);
    }
    SUBCASE("a discard gives room back where the node may, and does nothing elsewhere (B03)") {
        discards(kind);
    }
    check_direct(kind);
    SUBCASE("with no-flush nothing is synced, and flushes succeed") {
        does_not_flush(kind);
    }
}

}  // namespace siskin
