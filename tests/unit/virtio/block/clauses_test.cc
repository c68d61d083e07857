// SPDX-License-Identifier: Apache-2.0
// Proves virtio/block/block_device: clauses of virtio 1.2 that hold for a disk as a whole.
// tests/clauses/virtio-1.2.txt names them beside the others.
#include "virtio/block/block_device.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/unit/virtio/virtio_bench.h"

using namespace siskin;

namespace {

namespace spec = virtio_spec;

std::uint64_t config(VirtioBench& bench, std::uint64_t offset, unsigned width) {
    return bench.pci.memory_read(VirtioBench::kBar + VirtioPci::kDeviceOffset + offset, width);
}

// §5.2.3 without the legacy interface's, and §6 without SR_IOV: all that virtio 1.2 gives to a
// block device on PCI without virtual functions.
constexpr FeatureSet kDefined{1,  2,  4,  5,  6,  9,  10, 11, 12, 13, 14, 15,
                              16, 28, 29, 32, 33, 34, 35, 36, 38, 39, 40};
constexpr unsigned kFeatureLifetime = 15;
constexpr unsigned kFeatureSrIov = 37;

// The parts of struct virtio_blk_config that stand for nothing.
constexpr std::uint64_t kUnused0 = 33;
constexpr std::uint64_t kUnused1 = 57;

}  // namespace

TEST_SUITE("virtio/block/block_device: clauses") {
    TEST_CASE(
        "whatever is switched off, what is offered has what it needs, and is defined (§6.2)") {
        for (unsigned choice = 0; choice < 32; ++choice) {
            CAPTURE(choice);
            BlkPciConfig settings;
            settings.virtio.event_idx = (choice & 1) != 0;
            settings.virtio.indirect_desc = (choice & 2) != 0;
            settings.blk.config_wce = (choice & 4) != 0;
            settings.blk.write_cache = (choice & 8) != 0 ? OnOffAuto::On : OnOffAuto::Off;
            VirtioBench bench(settings, (choice & 16) != 0);

            const FeatureSet offered = bench.offered();

            CHECK(offered.has(spec::kFeatureVersion1));
            CHECK(offered.has(spec::kBlockFeatureFlush));
            CHECK(kDefined.contains(offered));
            CHECK_FALSE(offered.has(kFeatureLifetime));
            CHECK_FALSE(offered.has(kFeatureSrIov));
        }
    }

    TEST_CASE("with CONFIG_WCE but without FLUSH writeback begins as 0 (virtio 1.2 §5.2.5.2)") {
        VirtioBench bench;
        CHECK(config(bench, offsetof(spec::BlockConfigSpace, writeback), 1) == 1);

        bench.reach_features_ok({spec::kBlockFeatureConfigWce});

        CHECK(config(bench, offsetof(spec::BlockConfigSpace, writeback), 1) == 0);
    }

    TEST_CASE("the padding of the configuration is zero, before negotiation and after (§5.2.5.2)") {
        VirtioBench bench;
        const auto padding = [&] {
            return std::vector<std::uint64_t>{
                config(bench, kUnused0, 1), config(bench, kUnused1, 1),
                config(bench, kUnused1 + 1, 1), config(bench, kUnused1 + 2, 1)};
        };
        CHECK(padding() == std::vector<std::uint64_t>(4, 0));

        bench.reach_features_ok(bench.offered());

        CHECK(padding() == std::vector<std::uint64_t>(4, 0));
    }

    TEST_CASE("no request writes to a readable buffer, done or refused (§2.7.5.1)") {
        VirtioBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver);
        const std::uint64_t header = bench.guest.allocate(16);
        const std::uint64_t readable = bench.guest.allocate(512);
        const std::uint64_t writable = bench.guest.allocate(513);
        bench.guest.fill(readable, 512, 0x5a);
        driver.put_chain(0, {{header, 16, false}, {readable, 512, false}, {writable, 513, true}});
        for (const std::uint32_t type :
             {spec::kBlockRead, spec::kBlockWrite, spec::kBlockFlush, spec::kBlockGetId, 99U}) {
            for (const std::uint64_t sector : {std::uint64_t{0}, std::uint64_t{1} << 40}) {
                CAPTURE(type);
                CAPTURE(sector);
                bench.guest.write(header, spec::BlockRequestHeader{type, 0U, sector});
                const auto before = bench.guest.bytes(header, 16);
                driver.put_available(0);
                bench.notify();
                REQUIRE(eventually([&] { return driver.take_used().has_value(); }));

                CHECK(bench.guest.bytes(header, 16) == before);
                CHECK(bench.guest.bytes(readable, 512) == std::vector<std::uint8_t>(512, 0x5a));
            }
        }
    }
}
