// SPDX-License-Identifier: Apache-2.0
// Proves devices/scsi/scsi_disk: a unit's life on a bus, and what management does with it.
#include "devices/scsi/scsi_disk.h"

#include <doctest/doctest.h>

#include <mutex>

#include "devices/scsi/scsi_disk_types.h"
#include "tests/unit/devices/scsi/scsi_bench.h"

namespace siskin {
namespace {

// Carries nothing; keeps what it was given.
class PlainTransport final : public ScsiTransport {
public:
    IoThread& io_thread() override { return *thread; }
    std::size_t tasks_max() const override { return 4; }
    void add(ScsiUnit& unit, ScsiAddress address, bool is_new) override {
        added.push_back(address);
        is_new_ = is_new;
        thread->run_and_wait([&](IoLoop& loop) { unit.attach(loop); });
    }
    void remove(ScsiUnit& unit, std::function<void()> done) override {
        ++removed;
        thread->post([&unit, done = std::move(done)](IoLoop&) {
            unit.detach();
            done();
        });
    }
    void tell_capacity_changed(ScsiUnit&) override { ++capacity_changes; }

    std::unique_ptr<IoThread> thread = *IoThread::create("io");
    std::vector<ScsiAddress> added;
    bool is_new_ = false;
    unsigned removed = 0;
    unsigned capacity_changes = 0;
};

struct DiskBench {
    Result<std::unique_ptr<ScsiDisk>> create(ScsiUnitOptions options, BlockNode* node) {
        ScsiDiskBackends backends{bus, node};
        backends.on_tray_moved = [this](bool is_open) { moves.push_back(is_open); };
        return ScsiDisk::create(options.is_cd ? kScsiCdType : kScsiHdType, "d0",
                                std::make_shared<ScsiHdConfig>(), options, ScsiAddress{1, 2},
                                std::move(backends), true);
    }

    PlainTransport transport;
    ScsiBus bus{"scsi0.0", &transport};
    MemoryDisk disk{1 * kMiB};
    std::vector<bool> moves;
};

}  // namespace

TEST_SUITE("devices/scsi/scsi_disk") {
    TEST_CASE("a unit takes its place and its node, and gives both back") {
        DiskBench bench;
        {
            auto disk = bench.create({}, &bench.disk);
            REQUIRE(disk.has_value());
            CHECK(bench.disk.claimed);
            CHECK(bench.transport.added == std::vector<ScsiAddress>{{1, 2}});
            CHECK(bench.transport.is_new_);
            CHECK_FALSE(bench.bus.choose({0, 1, 2}).has_value());
            CHECK((*disk)->removable() == nullptr);
        }
        CHECK_FALSE(bench.disk.claimed);
        CHECK(bench.transport.removed == 1);
        CHECK(bench.bus.choose({0, 1, 2}).has_value());
    }

    TEST_CASE("options or a node that do not go leave nothing behind") {
        DiskBench bench;
        ScsiUnitOptions options;
        options.vendor = "much too long";
        CHECK(bench.create(options, &bench.disk).error().message ==
              "scsi-hd: vendor is 13 bytes long, the most is 8");
        bench.disk.refuse_engine = true;
        CHECK_FALSE(bench.create({}, &bench.disk).has_value());
        CHECK_FALSE(bench.disk.claimed);
        CHECK(bench.transport.added.empty());
        CHECK(bench.bus.choose({0, 1, 2}).has_value());
    }

    TEST_CASE("a medium goes in and comes out, and the tray's moves are told") {
        DiskBench bench;
        auto disk = bench.create(ScsiBench::cd(), nullptr);
        REQUIRE(disk.has_value());
        RemovableDrive* const drive = (*disk)->removable();
        REQUIRE(drive != nullptr);
        drive->move_tray(true);
        CHECK(drive->is_tray_open());
        CHECK(drive->insert_medium(bench.disk).has_value());
        CHECK((*disk)->medium_node() == &bench.disk);
        CHECK(bench.disk.claimed);
        drive->move_tray(false);
        drive->remove_medium();
        drive->remove_medium();
        CHECK((*disk)->medium_node() == nullptr);
        CHECK_FALSE(bench.disk.claimed);
        CHECK(bench.moves == std::vector<bool>{true, false});
    }

    TEST_CASE("a resize waits for the unit, and its driver is told by the transport") {
        DiskBench bench;
        auto disk = bench.create({}, &bench.disk);
        REQUIRE(disk.has_value());
        CHECK((*disk)->resize(ByteCount{2 * kMiB}).has_value());
        (*disk)->publish_size();
        CHECK(bench.disk.bytes.size() == 2 * kMiB);
        CHECK(bench.transport.capacity_changes == 1);
        bench.disk.refuse_resize = true;
        CHECK_FALSE((*disk)->resize(ByteCount{1 * kMiB}).has_value());
    }
}

}  // namespace siskin
