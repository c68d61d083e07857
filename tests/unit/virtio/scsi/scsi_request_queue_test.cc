// SPDX-License-Identifier: Apache-2.0
// Proves virtio/scsi/scsi_request_queue: what a driver gets for its commands.
#include "virtio/scsi/scsi_request_queue.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "tests/unit/virtio/scsi/scsi_host_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

using Cdb = std::vector<std::uint8_t>;
const Cdb kReady{0, 0, 0, 0, 0, 0};
const Cdb kInquiry{0x12, 0, 0, 0, 36, 0};
const Cdb kRead{0x28, 0, 0, 0, 0, 4, 0, 0, 1, 0};
const Cdb kWrite{0x2a, 0, 0, 0, 0, 4, 0, 0, 1, 0};

}  // namespace

TEST_SUITE("virtio/scsi/scsi_request_queue") {
    TEST_CASE("what is written is read back, with nothing left over (§5.6.6.1)") {
        ScsiHostBench bench;
        bench.clear_attention();
        const auto write = bench.send(kWrite, 0, 512);
        REQUIRE(bench.wait(2).has_value());
        CHECK(bench.guest.read<spec::ScsiResponseHeader>(write.response).response == spec::kScsiOk);
        const auto response = bench.run(kRead, 512);
        CHECK(response.response == spec::kScsiOk);
        CHECK(response.status == scsi_spec::kGood);
        CHECK(response.residual == 0);
        CHECK(bench.used->length == 108 + 512);
        CHECK(bench.guest.bytes(bench.last.data, 512) == std::vector<std::uint8_t>(512, 0xa5));
        CHECK(bench.disk.bytes[4 * 512] == 0xa5);
    }

    TEST_CASE("less data than was lent is told as a residual, and the rest stays (V20)") {
        ScsiHostBench bench;
        const auto response = bench.run(kInquiry, 100);
        CHECK(response.residual == 64);
        CHECK(bench.used->length == 108 + 36);
        CHECK(bench.guest.read<std::uint8_t>(bench.last.data + 36) == 0xa5);
    }

    TEST_CASE("a CHECK CONDITION brings its sense data, and zeroes behind it") {
        ScsiHostBench bench;
        const auto response = bench.run(kReady);
        CHECK(response.response == spec::kScsiOk);
        CHECK(response.status == scsi_spec::kCheckCondition);
        CHECK(response.sense_len == 18);
        CHECK(bench.sense_key() == 6);
        CHECK(bench.guest.bytes(bench.last.response + 12 + 18, 96 - 18) ==
              std::vector<std::uint8_t>(96 - 18, 0));
    }

    TEST_CASE("a CDB that wants more room than there is overruns (§5.6.6.1.1)") {
        ScsiHostBench bench;
        bench.clear_attention();
        CHECK(bench.run(kRead, 511).response == spec::kScsiOverrun);
        CHECK(bench.run(kWrite, 0, 511).response == spec::kScsiOverrun);
        CHECK(bench.run(kWrite, 512, 0).response == spec::kScsiOverrun);
        CHECK(bench.run(kInquiry, 35).response == spec::kScsiOverrun);
        CHECK(bench.run(kRead, 511).residual == 511);
        CHECK(bench.disk.log().empty());
    }

    TEST_CASE("data in both directions fails, as INOUT is not offered (§5.6.6.1.1)") {
        ScsiHostBench bench;
        CHECK(bench.run(kReady, 16, 16).response == spec::kScsiFailure);
    }

    TEST_CASE("a target that is not there is bad, a unit of one that is there is not known") {
        ScsiHostBench bench;
        CHECK(bench.run(kReady, 0, 0, {1, 2, 0, 0}).response == spec::kScsiBadTarget);
        CHECK(bench.run(kReady, 0, 0, {0xc1, 1, 0, 0}).response == spec::kScsiBadTarget);
        const auto absent = bench.run(kReady, 0, 0, {1, 1, 0, 1});
        CHECK(absent.response == spec::kScsiOk);
        CHECK(absent.status == scsi_spec::kCheckCondition);
        CHECK(bench.sense_key() == 5);
        CHECK(bench.run(kInquiry, 36, 0, {1, 1, 0, 1}).status == scsi_spec::kGood);
        CHECK(bench.guest.read<std::uint8_t>(bench.last.data) == 0x7f);
        CHECK(bench.run({0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0}, 16).status == scsi_spec::kGood);
        CHECK(bench.guest.read<std::uint8_t>(bench.last.data + 3) == 8);
    }

    TEST_CASE("chains that are no request come back with length 0, and the queue goes on (V08)") {
        ScsiHostBench bench;
        bench.offer(2, {{bench.guest.allocate(50), 50, false}});
        CHECK(bench.wait(2)->length == 0);
        bench.offer(2, {{bench.guest.allocate(51), 51, false}, {bench.guest.allocate(8), 8, true}});
        CHECK(bench.wait(2)->length == 0);
        CHECK(bench.host.guest_errors == 2);
        CHECK(bench.run(kInquiry, 36).response == spec::kScsiOk);
    }

    TEST_CASE("an error of the host is one of just that command, and the machine hears (B06)") {
        ScsiHostBench bench;
        bench.clear_attention();
        bench.disk.fail_operation(0, EIO);
        const auto failed = bench.run(kRead, 512);
        CHECK(failed.response == spec::kScsiOk);
        CHECK(failed.status == scsi_spec::kCheckCondition);
        CHECK(bench.sense_key() == 3);
        CHECK(failed.residual == 512);
        CHECK(bench.run(kRead, 512).status == scsi_spec::kGood);
        CHECK(bench.error_log->errors().size() == 1);
    }

    TEST_CASE("what an error stopped is tried again, and no chain is taken meanwhile") {
        ScsiHostBench bench;
        ScsiUnitOptions options;
        options.on_write_error = BlockOnError::Stop;
        MemoryDisk& other = bench.other;
        bench.more.push_back(bench.plug(other, options, {1, 1}, false));
        bench.clear_attention({1, 1, 0, 1});
        bench.clear_attention();
        const unsigned before = bench.drivers[2]->used_index();
        other.fail_operation(0, ENOSPC);
        const auto kept = bench.send(kWrite, 0, 512, {1, 1, 0, 1});
        REQUIRE(eventually([&] { return bench.more[0]->stop_error() == ENOSPC; }));
        const auto next = bench.send(kReady);
        bench.settle();
        CHECK(bench.drivers[2]->used_index() == before);
        bench.device->allow_transfers(true);
        REQUIRE(bench.wait(2).has_value());
        REQUIRE(bench.wait(2).has_value());
        CHECK(bench.guest.read<spec::ScsiResponseHeader>(kept.response).status == 0);
        CHECK(bench.guest.read<spec::ScsiResponseHeader>(next.response).status == 0);
        CHECK(bench.more[0]->stop_error() == 0);
        CHECK(other.bytes[4 * 512] == 0xa5);
    }

    TEST_CASE("a unit that leaves while its command is kept leaves it without a target") {
        ScsiHostBench bench;
        ScsiUnitOptions options;
        options.on_write_error = BlockOnError::Stop;
        MemoryDisk& other = bench.other;
        bench.more.push_back(bench.plug(other, options, {1, 1}, false));
        bench.clear_attention({1, 1, 0, 1});
        other.fail_operation(0, EIO);
        const auto kept = bench.send(kWrite, 0, 512, {1, 1, 0, 1});
        REQUIRE(eventually([&] { return bench.more[0]->stop_error() == EIO; }));
        bench.more.clear();
        CHECK_FALSE(other.claimed);
        bench.device->allow_transfers(true);
        REQUIRE(bench.wait(2).has_value());
        CHECK(bench.guest.read<spec::ScsiResponseHeader>(kept.response).response ==
              spec::kScsiBadTarget);
    }
}

}  // namespace siskin
