// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/virtio_pci against drivers that break the rules of its registers: vectors
// that are not, features nobody offered, twice what goes once, and what a reset leaves behind.
#include "virtio/transport/virtio_pci.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "pci/spec.h"
#include "tests/unit/virtio/virtio_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

constexpr std::uint16_t kVectors = 3;  // of a disk with two queues
constexpr std::uint64_t kConfig = VirtioBench::kBar + VirtioPci::kDeviceOffset;
constexpr std::uint64_t kWriteback = kConfig + 32;

struct HostileBench : VirtioBench {
    explicit HostileBench(const BlkPciConfig& settings = {}) : VirtioBench(settings) {}

    void open_vectors() {
        pci.set_msix_control(kBdf, pci_spec::kMsixEnable);
        for (std::uint16_t vector = 0; vector < kVectors; ++vector) {
            pci.set_msix_entry(kBdf, vector, MsiMessage{0xfee00000, 0x40U + vector}, false);
        }
    }
    std::size_t take_messages() {
        settle();
        relay.run();
        machine.msi.deliver();
        return std::exchange(machine.msi.messages, {}).size();
    }
    void bring_back() {
        pci.open_bridge(kPort, 1, 1, kMsixBar, kMsixBar + 0x0fffffff);
        pci.assign_bar(kBdf, 1, kMsixBar);
        pci.assign_bar(kBdf, 4, kBar);
        pci.set_command(kBdf, kMemoryAndMaster);
    }
    // What a driver sees without changing it: the common configuration with its selectors as they
    // are, each queue and feature window, the device's configuration.
    std::vector<std::uint64_t> dump() {
        std::vector<std::uint64_t> all;
        for (std::uint64_t offset = 0; offset < 64; ++offset) {
            all.push_back(common(offset, 1));
        }
        for (std::uint64_t offset = 0; offset < 64; ++offset) {
            all.push_back(pci.memory_read(kConfig + offset, 1));
        }
        all.push_back(pci.memory_read(kBar + VirtioPci::kIsrOffset, 1));
        for (std::uint32_t window = 0; window < 3; ++window) {
            set_common(spec::kCommonDeviceFeatureSelect, 4, window);
            set_common(spec::kCommonDriverFeatureSelect, 4, window);
            all.push_back(common(spec::kCommonDeviceFeature, 4));
            all.push_back(common(spec::kCommonDriverFeature, 4));
        }
        set_common(spec::kCommonDeviceFeatureSelect, 4, 0);
        set_common(spec::kCommonDriverFeatureSelect, 4, 0);
        for (const unsigned queue : {1U, 2U, 0x7fffU, 0U}) {
            select(static_cast<std::uint16_t>(queue));
            for (std::uint64_t offset = 24; offset < 64; offset += 4) {
                all.push_back(common(offset, 4));
            }
        }
        return all;
    }
    std::vector<std::uint64_t> dump_msix() {
        std::vector<std::uint64_t> all;
        for (std::uint64_t offset = 0; offset < kVectors * 16U; offset += 4) {
            all.push_back(pci.memory_read(kMsixBar + offset, 4));
        }
        const auto capability = pci.find_capability(kBdf, pci_spec::kCapabilityMsix);
        all.push_back(pci.read(kBdf, *capability + pci_spec::kMsixControl, 2));
        return all;
    }
    // Brings everything away from where it is at power-on, with a driver that runs.
    void disarrange(DriverQueue& driver) {
        open_vectors();
        reach_features_ok({spec::kBlockFeatureFlush, spec::kBlockFeatureConfigWce});
        program_queue(1, driver, 2);
        program_queue(0, driver, 1);
        set_common(spec::kCommonConfigMsixVector, 2, 0);
        set_status(15);
        pci.memory_write(kWriteback, 1, 0);
        driver.set_available_index(1000);  // NEEDS_RESET and a cause in the ISR
        notify();
        REQUIRE(eventually([&] { return (status() & spec::kStatusNeedsReset) != 0; }));
        set_common(spec::kCommonDeviceFeatureSelect, 4, 7);
        set_common(spec::kCommonDriverFeatureSelect, 4, 9);
        select(0x1234);
    }
    bool runs() {
        DriverQueue fresh(guest, 16);
        start(fresh);
        return run(fresh, spec::kBlockRead, 0) == spec::kBlockStatusOk;
    }
};

std::size_t open_descriptors() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

struct Way {
    std::string name;
    std::function<void(HostileBench&)> reset;
    bool of_function;  // and not just of the device behind it
};

const std::vector<Way> kWays{
    {"status 0", [](HostileBench& bench) { bench.set_status(0); }, false},
    {"function level reset",
     [](HostileBench& bench) {
         const unsigned at = *bench.device->express_offset() + pci_spec::kExpressDeviceControl;
         bench.pci.write(VirtioBench::kBdf, at, 2, pci_spec::kExpressInitiateFlr);
     },
     true},
    {"secondary bus reset",
     [](HostileBench& bench) {
         bench.pci.write(VirtioBench::kPort, pci_spec::kBridgeControl, 2,
                         pci_spec::kBridgeControlReset);
         bench.pci.write(VirtioBench::kPort, pci_spec::kBridgeControl, 2, 0);
     },
     true},
    {"machine reset", [](HostileBench& bench) { bench.machine.host.reset(); }, true},
};

}  // namespace

TEST_SUITE("virtio/transport/virtio_pci: hostile drivers") {
    TEST_CASE("a vector behind the table is none, and completions show by polling (T03)") {
        HostileBench bench;
        bench.open_vectors();
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {}, 1);
        for (const unsigned vector : {0x3U, 0x4U, 0x7ffU, 0x800U, 0x8000U, 0xfffeU}) {
            CAPTURE(vector);
            bench.set_common(spec::kCommonConfigMsixVector, 2, vector);
            bench.set_common(spec::kCommonQueueMsixVector, 2, vector);
            CHECK(bench.common(spec::kCommonConfigMsixVector, 2) == spec::kNoVector);
            CHECK(bench.common(spec::kCommonQueueMsixVector, 2) == spec::kNoVector);

            CHECK(bench.run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
            CHECK(bench.take_messages() == 0);

            // And back: the vector that is there works again.
            bench.set_common(spec::kCommonQueueMsixVector, 2, 1);
            CHECK(bench.run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
            CHECK(bench.take_messages() == 1);
        }
    }

    TEST_CASE("a vector taken away under a request leaves the request, and nobody is told (T03)") {
        HostileBench bench;
        bench.open_vectors();
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {}, 1);
        bench.disk.hold();
        const auto request = bench.prepare(driver, 0, spec::kBlockRead, 0);
        driver.put_available(request.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));

        bench.set_common(spec::kCommonQueueMsixVector, 2, kVectors);
        bench.disk.let_go();

        REQUIRE(eventually([&] { return driver.take_used().has_value(); }));
        CHECK(bench.status_of(request) == spec::kBlockStatusOk);
        CHECK(bench.take_messages() == 0);
    }

    TEST_CASE("enabled and begun twice, a queue has one doorbell and one interrupt (T04)") {
        HostileBench bench;
        bench.open_vectors();
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {}, 1);
        for (const unsigned value : {1U, 0U, 2U, 0xffffU, 1U}) {
            bench.set_common(spec::kCommonQueueEnable, 2, value);
            bench.set_status(15);
        }

        CHECK(bench.common(spec::kCommonQueueEnable, 2) == 1);
        CHECK(bench.machine.doorbells.bound().size() == 1);
        CHECK(bench.run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        CHECK(driver.used_index() == 1);
        CHECK(bench.take_messages() == 1);
    }

    TEST_CASE("200 starts and resets open no descriptor that stays (T04)") {
        HostileBench bench;
        REQUIRE(bench.runs());
        const std::size_t before = open_descriptors();
        for (unsigned round = 0; round < 200; ++round) {
            REQUIRE(bench.reset_and_wait());
            bench.guest.start_over();
            REQUIRE(bench.runs());
        }

        CHECK(open_descriptors() == before);
    }

    TEST_CASE("each of 64 features alone is taken exactly when it is offered (T06, §2.2.2)") {
        HostileBench bench;
        const FeatureSet offered = bench.offered();
        for (unsigned feature = 0; feature < 64; ++feature) {
            CAPTURE(feature);
            REQUIRE(bench.reset_and_wait());

            bench.reach_features_ok({feature});

            const bool taken = (bench.status() & spec::kStatusFeaturesOk) != 0;
            CHECK(taken == offered.has(feature));
            bench.accept(FeatureSet(~std::uint64_t{0}));
            bench.set_common(spec::kCommonDriverFeatureSelect, 4, 1);
            CHECK((bench.common(spec::kCommonDriverFeature, 4) != 0xffffffff) == taken);
        }
    }

    TEST_CASE("no features, and all there can be, are refused; windows above 1 are not (T06)") {
        HostileBench bench;
        for (const std::uint64_t choice : {std::uint64_t{0}, ~std::uint64_t{0}}) {
            REQUIRE(bench.reset_and_wait());
            bench.set_status(3);
            bench.accept(FeatureSet(choice));
            bench.set_status(15);
            CHECK(bench.status() == 3);
        }
        REQUIRE(bench.reset_and_wait());
        bench.set_status(3);
        bench.accept(FeatureSet{spec::kFeatureVersion1});
        for (const std::uint32_t window : {2U, 3U, 0x80000000U, 0xffffffffU}) {
            bench.set_common(spec::kCommonDriverFeatureSelect, 4, window);
            bench.set_common(spec::kCommonDriverFeature, 4, 0xffffffff);
            CHECK(bench.common(spec::kCommonDriverFeature, 4) == 0);
        }
        bench.set_status(11);
        CHECK(bench.status() == 11);
    }

    TEST_CASE("what was not accepted is refused: indirect tables, discards, queue resets (T06)") {
        HostileBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kBlockFeatureFlush});
        const auto read = bench.prepare(driver, 0, spec::kBlockRead, 0);
        const std::uint64_t header = bench.guest.allocate(32);
        bench.guest.write(header, spec::BlockRequestHeader{spec::kBlockDiscard, 0U, 0U});
        bench.guest.write(header + 16, spec::BlockRangeSegment{0U, 1U, 0U});
        bench.guest.write(read.status, std::uint8_t{0xee});

        const std::uint16_t table =
            driver.put_indirect(6, {{header, 32, false}, {read.status, 1, true}});
        driver.put_available(table);
        bench.notify();
        REQUIRE(eventually([&] { return driver.used_index() == 1; }));
        CHECK(driver.take_used()->length == 0);
        CHECK(bench.status_of(read) == 0xee);

        driver.put_chain(8, {{header, 32, false}, {read.status, 1, true}});
        driver.put_available(8);
        bench.notify();
        REQUIRE(eventually([&] { return driver.take_used().has_value(); }));
        CHECK(bench.status_of(read) == spec::kBlockStatusUnsupported);
        CHECK(bench.disk.log().empty());

        bench.set_common(spec::kCommonQueueReset, 2, 1);
        CHECK(bench.common(spec::kCommonQueueReset, 2) == 0);
        CHECK(bench.common(spec::kCommonQueueEnable, 2) == 1);
        CHECK(bench.run(driver, read) == spec::kBlockStatusOk);
    }

    TEST_CASE("after any reset the registers are those of power-on, selectors and all (T11)") {
        for (const Way& way : kWays) {
            CAPTURE(way.name);
            HostileBench bench;
            const auto power_on = bench.dump();
            const auto msix_power_on = bench.dump_msix();
            DriverQueue driver(bench.guest, 16);
            bench.disarrange(driver);
            const auto msix_set = bench.dump_msix();

            way.reset(bench);
            bench.bring_back();
            REQUIRE(eventually([&] { return bench.status() == 0; }));

            CHECK(bench.dump() == power_on);
            // PCI's own registers go with PCI's own resets.
            CHECK(bench.dump_msix() == (way.of_function ? msix_power_on : msix_set));
            CHECK(bench.runs());
        }
    }

    TEST_CASE("any access to any byte of the four structures is defined (T12, T14)") {
        HostileBench bench;
        DriverQueue driver(bench.guest, 16);
        bench.start(driver, {spec::kBlockFeatureConfigWce, spec::kBlockFeatureFlush});
        unsigned wrong = 0;
        for (std::uint64_t at = 0; at < 0x4000; at += at % 0x1000 < 72 ? 1 : 0x1000 - 72) {
            const bool is_status =
                at <= spec::kCommonDeviceStatus && at + 8 > spec::kCommonDeviceStatus;
            for (const unsigned width : {1U, 2U, 4U, 8U}) {
                const std::uint64_t found = bench.pci.memory_read(VirtioBench::kBar + at, width);
                wrong += width < 8 && found >> (width * 8) != 0 ? 1 : 0;
                if (!is_status) {
                    bench.pci.memory_write(VirtioBench::kBar + at, width, 0x5a5a5a5a5a5a5a5a);
                }
            }
        }
        CHECK(wrong == 0);
        CHECK(bench.status() == 15);
        CHECK(bench.pci.memory_read(kWriteback, 1) == 0);  // its lowest bit counts
        CHECK(bench.run(driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
    }
}

}  // namespace siskin
