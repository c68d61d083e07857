// SPDX-License-Identifier: Apache-2.0
// Proves that a disk whose process is killed has all that its driver was told is there (bug classes
// D01, D05): before and behind every call to the host in turn, on self-describing sectors.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "devices/block/raw_file.h"
#include "devices/block/raw_filter.h"
#include "tests/harness/faulty_node.h"
#include "tests/harness/host_calls.h"
#include "tests/unit/virtio/block/early_answers.h"
#include "tests/unit/virtio/block/kill_lane.h"
#include "tests/unit/virtio/block/stamping_driver.h"

namespace siskin::test {

namespace {

constexpr unsigned kRequests = 24;  // of a run
constexpr std::uint32_t kRun = 7;
constexpr std::size_t kLanes = 8;

// A disk under test.
struct Setup {
    BlockAio aio = BlockAio::Uring;
    WriteCache cache = WriteCache::On;
    bool is_part = false;  // `offset` and `size` of a raw node
    bool is_early = false;
    bool real_syncs = true;  // or none: a process's death undoes nothing that was not synced
};

void work(const Setup& setup, std::uint64_t seed, const std::string& path, guest::WriterLog& log) {
    if (!setup.real_syncs) {
        HostCalls::get().skip_syncs();
    }
    RawFileOptions file_options;
    file_options.path = path;
    file_options.aio = setup.aio;
    file_options.unmap = true;
    const auto file = *RawFile::open(file_options);
    RawFilterOptions part_options;
    part_options.unmap = true;
    part_options.offset = setup.is_part ? KillLane::kOffset : 0;
    part_options.size = KillLane::kDiskSize;
    const auto part = *RawFilter::create(part_options, *file);
    FaultyNode slow(*part);
    slow.delay(std::chrono::microseconds(200));
    EarlyAnswers early(slow);
    VirtioBench bench({}, false, false, 1,
                      setup.is_early ? static_cast<BlockNode*>(&early) : part.get());
    StampingDriver::Writer::Options options;
    options.run = kRun;
    options.seed = seed;
    options.disk_sectors = KillLane::kDiskSectors;
    StampingDriver driver(bench, options, log, setup.cache);
    driver.run(kRequests);
    ::_exit(0);  // with all of it standing: no call of the host comes from its end
}

struct Sum {
    std::uint64_t points = 0;
    std::uint64_t ends = 0;  // runs that came to their end
    std::uint64_t wrong_ends = 0;
    std::uint64_t sectors = 0;
    std::uint64_t mismatches = 0;
    std::uint64_t margins_changed = 0;
    std::uint64_t completed = 0;
    std::uint64_t flushed = 0;
    std::uint64_t failed = 0;
    std::string first_mismatch;

    void add(const KillLane::Outcome& outcome) {
        points += outcome.end == KillLane::End::Killed ? 1 : 0;
        ends += outcome.end == KillLane::End::ByItself ? 1 : 0;
        wrong_ends += outcome.end == KillLane::End::Wrong ? 1 : 0;
        sectors += outcome.end == KillLane::End::None ? 0 : KillLane::kDiskSectors;
        mismatches += outcome.damaged.size();
        margins_changed += outcome.margins_changed ? 1 : 0;
        completed += outcome.requests.completed;
        flushed += outcome.requests.flushed;
        failed += outcome.requests.failed;
        if (first_mismatch.empty() && !outcome.damaged.empty()) {
            first_mismatch = describe(outcome.damaged.front());
        }
    }
};

// Every point in turn, each with a load of its own, until a run comes to its end by itself. Several
// lanes, since Linux takes its time to let go of the files of who was killed.
void sweep(const Setup& setup, Sum& sum) {
    std::array<KillLane, kLanes> lanes;
    const std::uint64_t first_sector = setup.is_part ? KillLane::kMarginSectors : 0;
    const std::uint64_t ends_before = sum.ends + sum.wrong_ends;
    for (std::uint64_t point = 1; sum.ends + sum.wrong_ends == ends_before; ++point) {
        KillLane& lane = lanes[point % kLanes];
        sum.add(lane.finish());
        lane.start(point, kRun, first_sector, [&](const std::string& path, guest::WriterLog& log) {
            work(setup, point, path, log);
        });
    }
    for (KillLane& lane : lanes) {
        sum.add(lane.finish());
    }
}

Sum sweep_all(BlockAio aio) {
    Sum sum;
    for (const bool is_part : {false, true}) {
        for (const WriteCache cache : {WriteCache::On, WriteCache::Off, WriteCache::Switched}) {
            // Real ones take their time, and leave more under way.
            sweep(Setup{aio, cache, is_part, false, !is_part}, sum);
        }
    }
    return sum;
}

void check(const Sum& sum) {
    MESSAGE(sum.points << " kill points, " << sum.completed << " requests completed, "
                       << sum.flushed << " of them flushes, " << sum.sectors
                       << " sectors verified, " << sum.mismatches << " mismatches");
    CAPTURE(sum.first_mismatch);
    CHECK(sum.mismatches == 0);
    CHECK(sum.margins_changed == 0);
    CHECK(sum.wrong_ends == 0);
    CHECK(sum.failed == 0);
    CHECK(sum.points >= 200);
    CHECK(sum.flushed >= 100);
}

bool has_uring() {
    const TemporaryFile file(kSectorBytes);
    RawFileOptions options;
    options.path = file.path();
    return (*(*RawFile::open(options))->create_engine(1))->name() == "io_uring";
}

}  // namespace

TEST_SUITE("virtio/block/kill_points") {
    TEST_CASE("whatever call of the host a kill meets, no acknowledged sector is lost (D01)") {
        check(sweep_all(BlockAio::Threads));
    }

    TEST_CASE("the same with io_uring (D01)") {
        if (!has_uring()) {
            MESSAGE("skipped: there is no io_uring");
            return;
        }
        check(sweep_all(BlockAio::Uring));
    }

    TEST_CASE("a disk that answers before it writes is found out (D05)") {
        for (const BlockAio aio : {BlockAio::Threads, BlockAio::Uring}) {
            Sum sum;
            sweep(Setup{aio, WriteCache::On, false, true, true}, sum);

            MESSAGE(sum.points << " kill points, " << sum.mismatches
                               << " mismatches, the first: " << sum.first_mismatch);
            CHECK(sum.mismatches > 0);
        }
    }
}

}  // namespace siskin::test
