// SPDX-License-Identifier: Apache-2.0
// Proves virtio/vhost_user/vhost_user_blk_pci below a root port of fakes, driven through its
// registers.
#include "virtio/vhost_user/vhost_user_blk_pci.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tests/unit/virtio/vhost_user/served_back_end.h"
#include "tests/unit/virtio/virtio_bench.h"

namespace siskin::test {

namespace spec = virtio_spec;

namespace {

// VirtioBench's machine, with this device behind a second port's place.
struct Bench {
    explicit Bench(const VhostUserBlkPciConfig& settings = {}) {
        base.device.reset();
        auto made = create(settings);
        REQUIRE(made.has_value());
        base.device = std::move(*made);
        base.pci.assign_bar(VirtioBench::kBdf, 1, VirtioBench::kMsixBar);
        base.pci.assign_bar(VirtioBench::kBdf, 4, VirtioBench::kBar);
        base.pci.set_command(VirtioBench::kBdf, VirtioBench::kMemoryAndMaster);
    }
    ~Bench() {
        if (base.device != nullptr) {
            base.device->settle();
        }
        const MutexLock hold(served.lock);
        base.device.reset();
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    Result<std::unique_ptr<VirtioPci>> create(VhostUserBlkPciConfig settings) {
        settings.blk.chardev = "c0";
        auto back_end = SISKIN_TRY(
            served.create(link_options_of(settings, base.guest.memory(), std::uint16_t{2})));
        SISKIN_TRY(back_end->wait_until_known());
        const MutexLock hold(served.lock);
        PciPlace place =
            base.machine.place(base.port->secondary(), VirtioBench::kBdf.devfn, false, "b0");
        place.type_name = "vhost-user-blk-pci";
        return create_vhost_user_blk_pci(place, std::make_shared<VhostUserBlkPciConfig>(settings),
                                         base.services, std::move(back_end), *served.io_thread,
                                         served.lock);
    }
    std::uint8_t run(DriverQueue& driver, std::uint32_t type, std::uint64_t sector) {
        return base.run(driver, type, sector);
    }

    ServedBackEnd served;
    VirtioBench base;
};

}  // namespace

TEST_SUITE("virtio/vhost_user/vhost_user_blk_pci") {
    TEST_CASE("its defaults are QEMU's") {
        const VhostUserBlkPciConfig config;
        CHECK(config.blk.queue_size == 128);
        CHECK_FALSE(config.blk.num_queues.has_value());
        CHECK(config.blk.config_wce);
        CHECK(config.blk.discard);
        CHECK(config.blk.write_zeroes);
        CHECK(std::string(kVhostUserBlkPciType.alias) == "vhost-user-blk");
    }

    TEST_CASE("a chardev must be named, and a queue's size is a power of two") {
        VhostUserBlkPciConfig config;
        CHECK(check_vhost_user_blk(config).error().message ==
              "chardev property not set: the id of a socket");
        config.blk.queue_size = 100;
        CHECK(check_vhost_user_blk(config).error().message ==
              "vhost-user-blk-pci: queue-size is 100, allowed is a power of two");
    }

    TEST_CASE("a driver reads what it wrote, and after its back end died, too") {
        Bench bench;
        DriverQueue driver(bench.base.guest, 16);
        bench.base.start(driver);
        CHECK(bench.base.common(VirtioPci::kDeviceOffset, 4) == ServedBackEnd::kDiskSize / 512);
        const auto write = bench.base.prepare(driver, 0, spec::kBlockWrite, 3);
        bench.base.guest.fill(write.data, 512, 0x42);
        CHECK(bench.base.run(driver, write) == spec::kBlockStatusOk);

        bench.served.replace(ServedBackEnd::kDiskSize);
        const auto read = bench.base.prepare(driver, 1, spec::kBlockRead, 3);
        driver.put_available(read.head);
        bench.base.notify();

        REQUIRE(bench.served.turn_until([&] { return driver.take_used().has_value(); }));
        CHECK(bench.base.status_of(read) == spec::kBlockStatusOk);
    }

    TEST_CASE("what the properties or the back end leave out is not offered") {
        VhostUserBlkPciConfig settings;
        settings.blk.discard = false;
        settings.blk.config_wce = false;
        Bench bench(settings);
        const FeatureSet offered = bench.base.offered();

        CHECK_FALSE(offered.has(spec::kBlockFeatureDiscard));
        CHECK_FALSE(offered.has(spec::kBlockFeatureConfigWce));
        CHECK(offered.has(spec::kBlockFeatureWriteZeroes));
        CHECK(offered.has(spec::kBlockFeatureFlush));
        CHECK(offered.has(spec::kBlockFeatureMultiQueue));
    }

    TEST_CASE("a device whose back end is gone resets and goes without a wait (T08, T10)") {
        Bench bench;
        DriverQueue driver(bench.base.guest, 16);
        bench.base.start(driver);
        bench.served.replace(0);  // nobody can use that
        bench.served.turn_until([&] { return !bench.served.chardev().is_lent(); });
        driver.put_available(bench.base.prepare(driver, 0, spec::kBlockRead, 0).head);
        bench.base.notify();

        CHECK(bench.base.reset_and_wait());
    }

    TEST_CASE("a plan needs no back end") {
        VirtioBench base;
        base.device.reset();
        auto settings = std::make_shared<VhostUserBlkPciConfig>();
        settings->blk.chardev = "c0";
        PciPlace place =
            base.machine.place(base.port->secondary(), VirtioBench::kBdf.devfn, false, "b0");
        place.type_name = "vhost-user-blk-pci";

        const auto planned = plan_vhost_user_blk_pci(place, settings, base.services, 4);

        REQUIRE(planned.has_value());
        CHECK((*planned)->device().queue_sizes().size() == 4);
    }
}

}  // namespace siskin::test
