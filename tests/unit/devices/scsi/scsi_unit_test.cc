// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_unit: attentions, trays, media, and commands without I/O.
#include "devices/scsi/scsi_unit.h"

#include <doctest/doctest.h>

#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

const Bytes kReady{0x00, 0, 0, 0, 0, 0};
const Bytes kEject{0x1b, 0, 0, 0, 2, 0};
const Bytes kLoad{0x1b, 0, 0, 0, 3, 0};
const Bytes kPrevent{0x1e, 0, 0, 0, 1, 0};
const Bytes kAllow{0x1e, 0, 0, 0, 0, 0};

}  // namespace

TEST_SUITE("devices/scsi/scsi_unit") {
    TEST_CASE("a unit attention is told once, and not to INQUIRY (SAM-5 §5.14)") {
        ScsiBench bench;
        bench.unit.reset();
        CHECK(bench.run({0x12, 0, 0, 0, 36, 0})->status == scsi_spec::kGood);
        CHECK(bench.run(kReady)->sense == scsi_sense::kReset);
        CHECK(bench.run(kReady)->status == scsi_spec::kGood);
    }

    TEST_CASE("REQUEST SENSE tells an attention as data, and then there is none") {
        ScsiBench bench;
        bench.unit.raise(scsi_sense::kLunsChanged);
        const auto told = bench.run({0x03, 0, 0, 0, 18, 0});
        CHECK(told->status == scsi_spec::kGood);
        CHECK(told->bytes[2] == 6);
        CHECK(told->bytes[12] == 0x3f);
        CHECK(bench.run({0x03, 0, 0, 0, 18, 0})->bytes[2] == 0);
        CHECK(bench.run({0x03, 1, 0, 0, 18, 0})->sense == scsi_sense::kInvalidField);
    }

    TEST_CASE("less room than a reply has cuts it, and no byte behind is touched (V20)") {
        ScsiBench bench;
        const auto cut = bench.run({0x12, 0, 0, 0, 5, 0});
        CHECK(cut->transferred == 5);
        const auto roomy = bench.run({0x12, 0, 0, 0, 200, 0});
        CHECK(roomy->transferred == 36);
        CHECK(Bytes(roomy->bytes.begin() + 36, roomy->bytes.end()) ==
              Bytes(164, ScsiBench::kUntouched));
    }

    TEST_CASE("an empty drive is not ready, and says whether its tray is open") {
        ScsiBench bench(ScsiBench::cd(), false);
        CHECK(bench.run(kReady)->sense == scsi_sense::kNoMediumClosed);
        CHECK(bench.run({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0})->sense == scsi_sense::kNoMediumClosed);
        CHECK(bench.run({0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0})->sense == scsi_sense::kNoMediumClosed);
        CHECK(bench.run({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0})->sense == scsi_sense::kNoMediumClosed);
        CHECK(bench.run(kEject)->status == scsi_spec::kGood);
        CHECK(bench.run(kReady)->sense == scsi_sense::kNoMediumOpen);
    }

    TEST_CASE("a tray opens and closes by the guest, which its machine is told of") {
        ScsiBench bench(ScsiBench::cd());
        CHECK(bench.run(kEject)->status == scsi_spec::kGood);
        CHECK(bench.unit.is_tray_open());
        CHECK(bench.run(kReady)->sense == scsi_sense::kNoMediumOpen);
        CHECK(bench.run(kLoad)->status == scsi_spec::kGood);
        CHECK(bench.run(kReady)->sense == scsi_sense::kMediumMayHaveChanged);
        CHECK(bench.run(kReady)->status == scsi_spec::kGood);
        CHECK(bench.tray.moves == std::vector<bool>{true, false});
    }

    TEST_CASE("a locked tray does not open until it is let go (SPC-4 §6.18)") {
        ScsiBench bench(ScsiBench::cd());
        CHECK(bench.run(kPrevent)->status == scsi_spec::kGood);
        CHECK(bench.unit.is_locked());
        CHECK(bench.run(kEject)->sense == scsi_sense::kRemovalPrevented);
        bench.unit.request_eject(false);
        CHECK(bench.unit.is_locked());
        bench.unit.request_eject(true);
        CHECK_FALSE(bench.unit.is_locked());
        CHECK(bench.run(kPrevent)->status == scsi_spec::kGood);
        CHECK(bench.run(kAllow)->status == scsi_spec::kGood);
        CHECK(bench.run(kEject)->status == scsi_spec::kGood);
    }

    TEST_CASE("a disk that is not removable has no tray, and stops and starts as nothing") {
        ScsiBench bench;
        CHECK(bench.run(kEject)->status == scsi_spec::kGood);
        CHECK(bench.run(kPrevent)->status == scsi_spec::kGood);
        CHECK(bench.run({0x1b, 0, 0, 0, 0, 0})->status == scsi_spec::kGood);
        CHECK(bench.tray.moves.empty());
        CHECK_FALSE(bench.unit.is_locked());
        CHECK(bench.run(kReady)->status == scsi_spec::kGood);
    }

    TEST_CASE("a disk has no commands of a CD, and a CD none of unmapping") {
        ScsiBench disk;
        CHECK(disk.run({0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0})->sense == scsi_sense::kInvalidOperation);
        CHECK(disk.run({0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0})->sense == scsi_sense::kInvalidOperation);
        ScsiBench cd(ScsiBench::cd());
        CHECK(cd.run({0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0})->sense == scsi_sense::kInvalidOperation);
        CHECK(cd.run({0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0})->sense == scsi_sense::kInvalidOperation);
        CHECK(cd.run({0xff, 0, 0, 0, 0, 0})->sense == scsi_sense::kInvalidOperation);
    }

    TEST_CASE("a medium that is taken out leaves nothing of it, and the next one is told of") {
        ScsiBench bench(ScsiBench::cd());
        auto former = bench.unit.change_medium(nullptr);
        REQUIRE(former != nullptr);
        CHECK(bench.run(kReady)->sense == scsi_sense::kNoMediumClosed);
        former.reset();
        CHECK_FALSE(bench.disk.claimed);
        bench.insert();
        CHECK(bench.run(kReady)->sense == scsi_sense::kMediumMayHaveChanged);
        CHECK(bench.run(kReady)->status == scsi_spec::kGood);
    }

    TEST_CASE("who waits for idleness has it when the last command is done; others find it busy") {
        ScsiBench bench;
        bool is_idle = false;
        bool is_due = false;
        bench.unit.set_idle_hook([&] { is_due = true; });
        bench.disk.hold();
        const auto read = bench.send({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0});
        bench.unit.when_idle([&] { is_idle = true; });
        CHECK_FALSE(is_idle);
        CHECK(bench.run({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0})->status == scsi_spec::kBusy);
        CHECK(bench.run({0x12, 0, 0, 0, 36, 0})->status == scsi_spec::kGood);
        bench.disk.let_go();
        bench.finish(*read);
        CHECK(is_due);
        bench.unit.settle();
        CHECK(is_idle);
    }

    TEST_CASE("a medium that the loop cannot watch fails commands, and nothing else") {
        ScsiBench bench;
        bench.unit.detach();
        bench.disk.refuse_attach = true;
        bench.unit.attach(bench.loop);
        CHECK(bench.run({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0})->sense == scsi_sense::kTargetFailure);
        CHECK(bench.run(kReady)->status == scsi_spec::kGood);
    }

    TEST_CASE("a capacity that has changed is told of") {
        ScsiBench bench;
        REQUIRE(bench.disk.resize(ByteCount{4096}).has_value());
        bench.unit.update_capacity();
        CHECK(bench.run(kReady)->sense == scsi_sense::kCapacityChanged);
        const auto capacity = bench.run({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        CHECK(capacity->bytes == Bytes{0, 0, 0, 7, 0, 0, 2, 0});
    }
}

}  // namespace siskin
