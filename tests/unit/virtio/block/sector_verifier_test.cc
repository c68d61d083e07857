// SPDX-License-Identifier: Apache-2.0
// Proves tests/harness/sector_verifier: what a crash may leave of a log, and each kind of damage by
// its name (bug class D05).
#include "tests/harness/sector_verifier.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace siskin::test {

namespace {

using guest::SectorStamp;
using guest::WriterEvent;

constexpr std::uint32_t kRun = 5;
constexpr std::uint64_t kSectors = 16;

// A disk, and the log of who wrote it; generations are counted from 1.
struct Crash {
    std::uint64_t submit(WriterEvent event, std::uint64_t sector = 0, std::uint32_t sectors = 0) {
        log.push_back({event, sectors, ++last, sector});
        return last;
    }
    void complete(std::uint64_t generation) {
        log.push_back({WriterEvent::Completed, 0, generation, 0});
    }
    std::uint64_t run(WriterEvent event, std::uint64_t sector = 0, std::uint32_t sectors = 0) {
        complete(submit(event, sector, sectors));
        return last;
    }
    // Sectors `from` to `from` + `count` of a write arrive on the disk.
    void arrive(std::uint64_t generation, std::uint32_t from, std::uint32_t count) {
        const auto& record = *std::find_if(
            log.begin(), log.end(), [&](const auto& one) { return one.generation == generation; });
        for (std::uint32_t index = from; index < from + count; ++index) {
            guest::write_stamped(
                SectorStamp{record.sector + index, generation, kRun, 0, record.sectors, index},
                disk[record.sector + index].data());
        }
    }
    std::vector<std::string> findings(Survivors survivors = Survivors::Completed) const {
        std::vector<std::string> lines;
        for (const auto& damaged : SectorVerifier(before, kRun).verify(log, disk, survivors)) {
            lines.push_back(describe(damaged));
        }
        return lines;
    }

    const SectorImage before = fresh_sectors(kSectors);
    SectorImage disk = before;
    std::vector<guest::WriterRecord> log;
    std::uint64_t last = 0;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_SUITE("harness/sector_verifier: what may be") {
    TEST_CASE("a disk that nobody wrote is as it was") {
        CHECK(Crash().findings().empty());
    }

    TEST_CASE("a write under way may be there, or not, or a part of its sectors") {
        Crash crash;
        const auto old = crash.run(WriterEvent::Write, 2, 4);
        crash.arrive(old, 0, 4);
        const auto under_way = crash.submit(WriterEvent::Write, 2, 4);
        CHECK(crash.findings().empty());
        crash.arrive(under_way, 1, 2);
        CHECK(crash.findings().empty());
        crash.arrive(under_way, 0, 4);
        CHECK(crash.findings().empty());
    }

    TEST_CASE("of two writes at the same time either is the last") {
        Crash crash;
        const auto first = crash.submit(WriterEvent::Write, 0, 1);
        const auto second = crash.submit(WriterEvent::Write, 0, 1);
        crash.complete(second);
        crash.complete(first);
        crash.arrive(first, 0, 1);
        CHECK(crash.findings().empty());
        crash.arrive(second, 0, 1);
        CHECK(crash.findings().empty());
    }

    TEST_CASE("a write that never came back may arrive late") {
        Crash crash;
        const auto lost_track_of = crash.submit(WriterEvent::Write, 0, 1);
        crash.run(WriterEvent::Write, 0, 1);
        crash.arrive(lost_track_of, 0, 1);

        CHECK(crash.findings().empty());
    }

    TEST_CASE("a discard leaves what was there, or zeroes") {
        Crash crash;
        crash.arrive(crash.run(WriterEvent::Write, 0, 2), 0, 2);
        crash.run(WriterEvent::Discard, 0, 2);
        CHECK(crash.findings().empty());
        crash.disk[1] = SectorWords{};
        CHECK(crash.findings().empty());
        crash.disk[0] = crash.before[0];
        CHECK(crash.findings() ==
              Lines{"sector 0 is lost: generation 0 is there, the oldest allowed is 1"});
    }

    TEST_CASE("zeroes that were written are there") {
        Crash crash;
        crash.arrive(crash.run(WriterEvent::Write, 0, 2), 0, 2);
        crash.run(WriterEvent::WriteZeroes, 0, 2);
        crash.disk[0] = SectorWords{};

        CHECK(crash.findings() ==
              Lines{"sector 1 is stale: generation 1 is there, the oldest allowed is 2"});
    }
}

TEST_SUITE("harness/sector_verifier: what flushes promise") {
    TEST_CASE("after a power cut, what completed before a flush that is done is there") {
        Crash crash;
        crash.run(WriterEvent::Write, 0, 1);
        const auto late = crash.submit(WriterEvent::Write, 1, 1);
        const auto flush = crash.submit(WriterEvent::Flush);
        crash.complete(late);
        CHECK(crash.findings(Survivors::Flushed).empty());
        crash.complete(flush);

        CHECK(crash.findings(Survivors::Flushed) ==
              Lines{"sector 0 is lost: generation 0 is there, the oldest allowed is 1"});
        CHECK(crash.findings(Survivors::Completed).size() == 2);
    }

    TEST_CASE("a later write that was not flushed does not excuse an older value") {
        Crash crash;
        crash.arrive(crash.run(WriterEvent::Write, 0, 1), 0, 1);
        crash.run(WriterEvent::Write, 0, 1);
        crash.run(WriterEvent::Flush);
        crash.run(WriterEvent::Write, 0, 1);

        CHECK(crash.findings(Survivors::Flushed) ==
              Lines{"sector 0 is stale: generation 1 is there, the oldest allowed is 2"});
    }

    TEST_CASE("with the write cache off a completed write is there without a flush") {
        Crash crash;
        crash.log.push_back({WriterEvent::WriteThrough, 0, 0, 0});
        crash.run(WriterEvent::Write, 0, 1);
        crash.log.push_back({WriterEvent::WriteBack, 0, 0, 0});
        crash.run(WriterEvent::Write, 1, 1);

        CHECK(crash.findings(Survivors::Flushed) ==
              Lines{"sector 0 is lost: generation 0 is there, the oldest allowed is 1"});
    }
}

TEST_SUITE("harness/sector_verifier: damage") {
    TEST_CASE("lost: what was written first never arrived, or only a part") {
        Crash crash;
        crash.arrive(crash.run(WriterEvent::Write, 3, 3), 0, 2);

        CHECK(crash.findings() ==
              Lines{"sector 5 is lost: generation 0 is there, the oldest allowed is 1"});
    }

    TEST_CASE("lost: zeroes that nobody wrote, without any request") {
        Crash crash;
        crash.disk[9] = SectorWords{};

        CHECK(crash.findings() ==
              Lines{"sector 9 is lost: generation 0 is there, the oldest allowed is 0"});
    }

    TEST_CASE("stale: an older write is there") {
        Crash crash;
        const auto first = crash.run(WriterEvent::Write, 3, 1);
        crash.run(WriterEvent::Write, 3, 1);
        crash.arrive(first, 0, 1);

        CHECK(crash.findings() ==
              Lines{"sector 3 is stale: generation 1 is there, the oldest allowed is 2"});
    }

    TEST_CASE("torn: a sector of two writes, cut at any word") {
        // The first words of both are the same up to the generation.
        for (std::size_t cut = 3; cut < guest::kStampedWords; ++cut) {
            CAPTURE(cut);
            Crash crash;
            crash.arrive(crash.run(WriterEvent::Write, 3, 1), 0, 1);
            const SectorWords old = crash.disk[3];
            crash.arrive(crash.run(WriterEvent::Write, 3, 1), 0, 1);
            std::copy_n(old.begin(), cut, crash.disk[3].begin());

            CHECK(crash.findings() ==
                  Lines{"sector 3 is torn: generation 1 is there, the oldest allowed is 2"});
        }
    }

    TEST_CASE("misdirected: one sector arrived at another, which was as it should be") {
        Crash crash;
        crash.arrive(crash.run(WriterEvent::Write, 3, 1), 0, 1);
        crash.disk[7] = crash.disk[3];
        crash.disk[3] = crash.before[3];

        CHECK(crash.findings() ==
              Lines{"sector 3 is lost: generation 0 is there, the oldest allowed is 1",
                    "sector 7 is misdirected: generation 1 is there, the oldest allowed is 0"});
    }

    TEST_CASE("duplicated: it arrived at both") {
        Crash crash;
        crash.arrive(crash.run(WriterEvent::Write, 3, 1), 0, 1);
        crash.disk[7] = crash.disk[3];

        CHECK(crash.findings() ==
              Lines{"sector 7 is duplicated: generation 1 is there, the oldest allowed is 0"});
    }

    TEST_CASE("corrupted: any bit of any word is another") {
        for (std::size_t word = 0; word < guest::kStampedWords; ++word) {
            CAPTURE(word);
            Crash crash;
            crash.arrive(crash.run(WriterEvent::Write, 3, 1), 0, 1);
            crash.disk[3][word] ^= std::uint64_t{1} << word;

            const auto damaged = SectorVerifier(crash.before, kRun)
                                     .verify(crash.log, crash.disk, Survivors::Completed);

            REQUIRE(damaged.size() == 1);
            CHECK(damaged[0].sector == 3);
            CHECK(damaged[0].damage == Damage::Corrupted);
        }
    }

    TEST_CASE("foreign: a whole sector of this place that no request of the log wrote") {
        Crash crash;
        crash.run(WriterEvent::Flush);
        guest::write_stamped(SectorStamp{4, 77, kRun, 0, 1, 0}, crash.disk[4].data());
        guest::write_stamped(SectorStamp{5, 1, kRun - 1, 0, 1, 0}, crash.disk[5].data());

        CHECK(crash.findings() ==
              Lines{"sector 4 is foreign: generation 77 is there, the oldest allowed is 0",
                    "sector 5 is foreign: generation 1 is there, the oldest allowed is 0"});
    }
}

TEST_SUITE("harness/sector_writer") {
    TEST_CASE("no two requests under way meet, and the log tells of all") {
        static guest::WriterLog log{};
        guest::SectorWriter::Options options;
        options.seed = 3;
        options.disk_sectors = 256;
        guest::SectorWriter writer(options, log);
        std::vector<guest::SectorWriter::Request> under_way(guest::SectorWriter::kSlots);
        unsigned meetings = 0;
        for (unsigned turn = 0; turn < 4000; ++turn) {
            const unsigned slot = writer.random(guest::SectorWriter::kSlots);
            if (!writer.is_idle(slot)) {
                writer.end(slot, true);
                under_way[slot] = {};
                continue;
            }
            under_way[slot] = writer.begin(slot);
            for (unsigned other = 0; other < under_way.size(); ++other) {
                meetings += other != slot &&
                                    under_way[slot].sector <
                                        under_way[other].sector + under_way[other].sectors &&
                                    under_way[other].sector <
                                        under_way[slot].sector + under_way[slot].sectors
                                ? 1
                                : 0;
            }
        }
        const WriterCounts counts = count_requests({log.records, log.count});

        CHECK(meetings == 0);
        CHECK(counts.submitted + counts.completed == log.count);
        CHECK(counts.submitted > 1900);
        CHECK(counts.flushed > 100);
    }

    TEST_CASE("a log that is full takes nothing more") {
        static guest::WriterLog log{};
        log.count = guest::WriterLog::kRecordsMax;
        guest::SectorWriter::Options options;
        options.disk_sectors = 256;
        guest::SectorWriter writer(options, log);

        CHECK(writer.begin(0).event == WriterEvent::None);
        CHECK(writer.is_idle(0));
    }
}

}  // namespace siskin::test
