// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_transfer: commands that read, write, flush and unmap.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>

#include "devices/scsi/scsi_unit.h"
#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

using Step = BlockOperation::Step;
constexpr std::uint32_t kBlocks = ScsiBench::kDiskSize / 512;

Bytes ten(std::uint8_t operation, std::uint32_t lba, std::uint16_t blocks, std::uint8_t flags = 0) {
    return {operation,
            flags,
            static_cast<std::uint8_t>(lba >> 24U),
            static_cast<std::uint8_t>(lba >> 16U),
            static_cast<std::uint8_t>(lba >> 8U),
            static_cast<std::uint8_t>(lba),
            0,
            static_cast<std::uint8_t>(blocks >> 8U),
            static_cast<std::uint8_t>(blocks),
            0};
}

// UNMAP of a list with these ranges.
Bytes unmap_list(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& ranges) {
    ScsiReply reply;
    reply.add16(ranges.size() * 16 + 6);
    reply.add16(ranges.size() * 16);
    reply.add32(0);
    for (const auto& [lba, blocks] : ranges) {
        reply.add64(lba);
        reply.add32(blocks);
        reply.add32(0);
    }
    return {reply.bytes().begin(), reply.bytes().end()};
}
Bytes unmap(const Bytes& list) {
    return ten(0x42, 0, static_cast<std::uint16_t>(list.size()));
}

}  // namespace

TEST_SUITE("devices/scsi/scsi_transfer") {
    TEST_CASE("what is written is read back, in each length of command") {
        ScsiBench bench;
        const Bytes data(512, 0x5a);
        const std::vector<std::pair<Bytes, Bytes>> pairs{
            {{0x0a, 0, 0, 3, 1, 0}, {0x08, 0, 0, 3, 1, 0}},
            {ten(0x2a, 4, 1), ten(0x28, 4, 1)},
            {{0xaa, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0}, {0xa8, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0}},
            {{0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0},
             {0x88, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0}},
        };
        for (const auto& [write, read] : pairs) {
            const auto written = bench.run(write, data);
            CHECK(written->status == scsi_spec::kGood);
            CHECK(written->transferred == 512);
            CHECK(bench.run(read)->bytes == data);
        }
        CHECK(std::count(bench.disk.bytes.begin(), bench.disk.bytes.end(), 0x5a) == 4 * 512);
    }

    TEST_CASE("blocks past the end are out of range, the last one is not (B01)") {
        ScsiBench bench;
        CHECK(bench.run(ten(0x28, kBlocks - 1, 1))->status == scsi_spec::kGood);
        CHECK(bench.run(ten(0x28, kBlocks, 0))->status == scsi_spec::kGood);
        for (const Bytes& past :
             {ten(0x28, kBlocks, 1), ten(0x28, kBlocks - 1, 2), ten(0x28, 0xffffffff, 0xffff),
              ten(0x2a, kBlocks, 1), ten(0x2f, kBlocks - 1, 2), ten(0x35, kBlocks + 1, 0),
              ten(0x41, kBlocks, 1),
              Bytes{0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1, 0, 0}}) {
            const auto refused = bench.run(past);
            CHECK(refused->sense == scsi_sense::kOutOfRange);
            CHECK(refused->transferred == 0);
        }
        CHECK(bench.disk.log().size() == 1);
    }

    TEST_CASE("protection, and more than a transfer may be, are invalid fields (B02)") {
        ScsiUnitOptions options;
        options.max_io_size = 2048;
        ScsiBench bench(options);
        CHECK(bench.run(ten(0x28, 0, 1, 0x20))->sense == scsi_sense::kInvalidField);
        CHECK(bench.run(ten(0x2a, 0, 1, 0xe0))->sense == scsi_sense::kInvalidField);
        CHECK(bench.run(ten(0x28, 0, 4))->status == scsi_spec::kGood);
        CHECK(bench.run(ten(0x28, 0, 5))->sense == scsi_sense::kInvalidField);
        CHECK(bench.run(ten(0x2f, 0, 1, 0x02))->sense == scsi_sense::kInvalidField);
        CHECK(bench.run(ten(0x2f, 0, 1))->status == scsi_spec::kGood);
    }

    TEST_CASE("nothing changes a read-only medium, but it can be flushed (B04)") {
        ScsiBench bench({}, true, true);
        const Bytes list = unmap_list({{0, 1}});
        CHECK(bench.run(ten(0x2a, 0, 1))->sense == scsi_sense::kWriteProtected);
        CHECK(bench.run(ten(0x2e, 0, 1))->sense == scsi_sense::kWriteProtected);
        CHECK(bench.run(ten(0x41, 0, 1), Bytes(512))->sense == scsi_sense::kWriteProtected);
        CHECK(bench.run(unmap(list), list)->sense == scsi_sense::kWriteProtected);
        CHECK(bench.disk.log().empty());
        CHECK(bench.run(ten(0x35, 0, 0))->status == scsi_spec::kGood);
        ScsiBench cd(ScsiBench::cd());
        CHECK(cd.run(ten(0x2a, 0, 1))->sense == scsi_sense::kWriteProtected);
    }

    TEST_CASE("a write is durable by FUA, by WRITE AND VERIFY, and without a cache (B09)") {
        ScsiBench bench;
        const auto syncs = [&](const Bytes& cdb) {
            const std::size_t before = bench.disk.log().size();
            CHECK(bench.run(cdb, Bytes(512))->status == scsi_spec::kGood);
            const auto log = bench.disk.log();
            return log.size() - before == 2 && log.back().step == Step::Sync;
        };
        CHECK_FALSE(syncs(ten(0x2a, 0, 1)));
        CHECK(syncs(ten(0x2a, 0, 1, 0x08)));
        CHECK(syncs(ten(0x2e, 0, 1)));
        Bytes list{0, 0, 0, 0, 0x08, 18};
        list.resize(24, 0);
        CHECK(bench.run({0x15, 0x10, 0, 0, 24, 0}, list)->status == scsi_spec::kGood);
        CHECK(bench.disk.log().back().step == Step::Sync);  // what was in the cache
        CHECK(syncs(ten(0x2a, 0, 1)));
        bench.unit.reset();
        CHECK(bench.run({0, 0, 0, 0, 0, 0})->sense == scsi_sense::kReset);
        CHECK_FALSE(syncs(ten(0x2a, 0, 1)));
    }

    TEST_CASE("each range of an UNMAP is discarded, one after the other (B03)") {
        ScsiBench bench;
        bench.disk.unmap = true;
        std::fill(bench.disk.bytes.begin(), bench.disk.bytes.end(), std::uint8_t{0xee});
        const Bytes list = unmap_list({{2, 1}, {5, 0}, {8, 4}});
        const auto done = bench.run(unmap(list), list);
        CHECK(done->status == scsi_spec::kGood);
        CHECK(done->transferred == list.size());
        CHECK(std::count(bench.disk.bytes.begin(), bench.disk.bytes.end(), 0) == 5 * 512);
        CHECK(bench.disk.bytes[2 * 512] == 0);
        CHECK(bench.disk.bytes[5 * 512] == 0xee);
    }

    TEST_CASE("an UNMAP stops at a range that is not there") {
        ScsiBench bench;
        const Bytes list = unmap_list({{0, 1}, {kBlocks, 1}, {1, 1}});
        CHECK(bench.run(unmap(list), list)->sense == scsi_sense::kOutOfRange);
        BlockTotals totals;
        bench.unit.counters().add_to(totals);
        CHECK(totals.of(BlockAccount::Unmap).operations == 1);
        CHECK(totals.of(BlockAccount::Unmap).invalid == 1);
    }

    TEST_CASE("lists of UNMAP that are cut, odd or too long are refused, an empty one is done") {
        ScsiBench bench;
        const Bytes whole = unmap_list({{0, 1}});
        CHECK(bench.run(ten(0x42, 0, 0))->status == scsi_spec::kGood);
        for (std::size_t size = 1; size < whole.size(); ++size) {
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK(bench.run(unmap(cut), cut)->sense == scsi_sense::kParameterListLength);
        }
        Bytes odd = whole;
        odd[3] = 15;
        CHECK(bench.run(unmap(odd), odd)->sense == scsi_sense::kInvalidParameter);
        const Bytes none = unmap_list({});
        CHECK(bench.run(unmap(none), none)->status == scsi_spec::kGood);
        Bytes many(8 + 256 * 16, 0);
        many[2] = 0x10;
        CHECK(bench.run(unmap(many), many)->sense == scsi_sense::kInvalidParameter);
        CHECK(bench.run(ten(0x42, 0, 24, 0x01), whole)->sense == scsi_sense::kInvalidField);
        CHECK(bench.disk.log().empty());
    }

    TEST_CASE("WRITE SAME writes zeroes, and nothing else (B03)") {
        ScsiBench bench;
        std::fill(bench.disk.bytes.begin(), bench.disk.bytes.end(), std::uint8_t{0xee});
        const auto done = bench.run(ten(0x41, 4, 3), Bytes(512, 0));
        CHECK(done->status == scsi_spec::kGood);
        CHECK(done->transferred == 512);
        CHECK(std::count(bench.disk.bytes.begin(), bench.disk.bytes.end(), 0) == 3 * 512);
        Bytes other(512, 0);
        other.back() = 1;
        CHECK(bench.run(ten(0x41, 4, 1), other)->sense == scsi_sense::kInvalidParameter);
        CHECK(bench.run(ten(0x41, 4, 0), Bytes(512))->sense == scsi_sense::kInvalidField);
        CHECK(bench.run(ten(0x41, 4, 1, 0x10), Bytes(512))->sense == scsi_sense::kInvalidField);
        const Bytes no_data{0x93, 0x01, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0};
        CHECK(bench.run(no_data)->status == scsi_spec::kGood);
        CHECK(bench.disk.bytes[9 * 512] == 0);
    }

    TEST_CASE("an error of the host is one of just that command (B06)") {
        ScsiBench bench;
        bench.disk.fail_operation(0, EIO);
        bench.disk.fail_operation(2, ENOMEM);
        const auto failed = bench.run(ten(0x28, 0, 1));
        CHECK(failed->status == scsi_spec::kCheckCondition);
        CHECK(failed->sense == scsi_sense::kReadError);
        CHECK(failed->transferred == 0);
        CHECK(bench.run(ten(0x28, 0, 1))->status == scsi_spec::kGood);
        CHECK(bench.run(ten(0x2a, 0, 1))->sense == scsi_sense::kTargetFailure);
        CHECK(bench.run(ten(0x2a, 0, 1))->status == scsi_spec::kGood);
        REQUIRE(bench.errors.errors.size() == 2);
        CHECK(bench.errors.errors[0].is_read);
    }

    TEST_CASE("a command is kept where the policy says stop, and goes on when it is retried") {
        ScsiUnitOptions options;
        options.on_write_error = BlockOnError::Stop;
        ScsiBench bench(options);
        bench.disk.fail_operation(0, ENOSPC);
        const auto write = bench.run(ten(0x2a, 7, 1), Bytes(512, 3));
        CHECK(write->is_kept);
        CHECK_FALSE(write->is_done);
        CHECK(bench.unit.stop_error() == ENOSPC);
        write->is_kept = false;
        bench.unit.retry(*write);
        bench.finish(*write);
        CHECK(write->status == scsi_spec::kGood);
        CHECK(bench.disk.bytes[7 * 512] == 3);
    }

    TEST_CASE("what was kept for one medium is not written to another") {
        ScsiUnitOptions options;
        options.on_write_error = BlockOnError::Stop;
        options.removable = true;
        ScsiBench bench(options);
        bench.disk.fail_operation(0, EIO);
        const auto write = bench.run(ten(0x2a, 0, 1), Bytes(512, 3));
        CHECK(write->is_kept);
        bench.unit.change_medium(nullptr).reset();
        bench.insert();
        bench.unit.retry(*write);
        CHECK(write->is_done);
        CHECK(write->sense == scsi_sense::kMediumMayHaveChanged);
        CHECK(bench.disk.bytes[0] == 0);
    }

    TEST_CASE("an error that is ignored is a success to the guest") {
        ScsiUnitOptions options;
        options.on_read_error = BlockOnError::Ignore;
        ScsiBench bench(options);
        bench.disk.fail_operation(0, EIO);
        CHECK(bench.run(ten(0x28, 0, 1))->status == scsi_spec::kGood);
    }

    TEST_CASE("more commands than the medium takes find the task set full") {
        ScsiBench bench;
        bench.disk.hold();
        std::vector<std::unique_ptr<TestTask>> tasks;
        for (std::size_t count = 0; count < ScsiBench::kTasksMax; ++count) {
            tasks.push_back(bench.send(ten(0x28, 0, 1)));
        }
        CHECK(bench.send(ten(0x28, 0, 1))->status == scsi_spec::kTaskSetFull);
        bench.disk.let_go();
        for (const auto& task : tasks) {
            bench.finish(*task);
            CHECK(task->status == scsi_spec::kGood);
        }
    }

    TEST_CASE("a command that is cancelled ends after what is under way, and begins no more") {
        ScsiBench bench;
        bench.disk.hold();
        const Bytes list = unmap_list({{0, 1}, {1, 1}});
        const auto task = bench.send(unmap(list), list);
        task->cancelled = true;
        bench.disk.let_go();
        bench.finish(*task);
        BlockTotals totals;
        bench.unit.counters().add_to(totals);
        CHECK(totals.of(BlockAccount::Unmap).operations == 1);
    }

    TEST_CASE("commands count where query-blockstats looks for them") {
        ScsiBench bench;
        static_cast<void>(bench.run(ten(0x28, 0, 2)));
        static_cast<void>(bench.run(ten(0x2a, 4, 1)));
        static_cast<void>(bench.run(ten(0x35, 0, 0)));
        BlockTotals totals;
        bench.unit.counters().add_to(totals);
        CHECK(totals.of(BlockAccount::Read).bytes == 1024);
        CHECK(totals.of(BlockAccount::Write).bytes == 512);
        CHECK(totals.of(BlockAccount::Flush).operations == 1);
        CHECK(totals.highest_offset == 5 * 512);
    }
}

}  // namespace siskin
