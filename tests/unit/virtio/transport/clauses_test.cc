// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/virtio_pci: clauses of virtio 1.2 that hold for a device as a whole.
// tests/clauses/virtio-1.2.txt names them beside the others.
#include "virtio/transport/virtio_pci.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "pci/spec.h"
#include "tests/unit/virtio/virtio_bench.h"

using namespace siskin;

namespace {

namespace spec = virtio_spec;

constexpr std::uint16_t kVectors = 3;  // of a disk with two queues
constexpr std::uint16_t kInterruptStatus = 0x8;

MsiMessage message_of(std::uint16_t vector) {
    return {0xfee00000, 0x40U + vector};
}

// A disk below a port whose vectors are all open, and its driver's ring.
struct Bench : VirtioBench {
    explicit Bench(const BlkPciConfig& settings = {}) : VirtioBench(settings) {}

    void enable_msix() {
        pci.set_msix_control(kBdf, pci_spec::kMsixEnable);
        for (std::uint16_t vector = 0; vector < kVectors; ++vector) {
            pci.set_msix_entry(kBdf, vector, message_of(vector), false);
        }
    }
    void map_configuration(std::uint16_t vector) {
        set_common(spec::kCommonConfigMsixVector, 2, vector);
    }
    void map_queue(std::uint16_t queue, std::uint16_t vector) {
        select(queue);
        set_common(spec::kCommonQueueMsixVector, 2, vector);
    }
    std::uint64_t vector_of_queue(std::uint16_t queue) {
        select(queue);
        return common(spec::kCommonQueueMsixVector, 2);
    }
    // The messages that went out since the last time.
    std::vector<MsiMessage> take_messages() {
        settle();
        relay.run();
        machine.msi.deliver();
        return std::exchange(machine.msi.messages, {});
    }
    // Makes the device need a reset, which is a change of its configuration (§3.2.1).
    bool break_ring() {
        driver.set_available_index(1000);
        notify();
        return eventually([&] { return (status() & spec::kStatusNeedsReset) != 0; });
    }
    std::uint64_t read_isr() { return pci.memory_read(kBar + VirtioPci::kIsrOffset, 1); }
    bool interrupt_status() { return (pci.read(kBdf, 6, 2) & kInterruptStatus) != 0; }

    DriverQueue driver{guest, 16};
};

// The notification capability.
std::optional<std::uint32_t> find_notify(Bench& bench) {
    auto at = static_cast<std::uint32_t>(bench.pci.read(VirtioBench::kBdf, 0x34, 1));
    for (int step = 0; at != 0 && step < 48; ++step) {
        if (bench.pci.read(VirtioBench::kBdf, at, 1) == pci_spec::kCapabilityVendor &&
            bench.pci.read(VirtioBench::kBdf, at + spec::kCapabilityTypeOffset, 1) ==
                spec::kCapabilityNotify) {
            return at;
        }
        at = static_cast<std::uint32_t>(bench.pci.read(VirtioBench::kBdf, at + 1, 1));
    }
    return std::nullopt;
}

}  // namespace

TEST_SUITE("virtio/transport/virtio_pci: clauses") {
    TEST_CASE("before DRIVER_OK no buffer is used and no interrupt goes out (virtio 1.2 §2.1.2)") {
        Bench bench;
        bench.enable_msix();
        bench.reach_features_ok({});
        bench.program_queue(0, bench.driver, 1);
        bench.driver.put_available(bench.prepare(bench.driver, 0, spec::kBlockRead, 0).head);
        bench.notify();
        CHECK(bench.take_messages().empty());
        CHECK(bench.driver.used_index() == 0);
        CHECK(bench.disk.log().empty());

        bench.set_status(15);

        CHECK(eventually([&] { return bench.driver.used_index() == 1; }));
        CHECK(bench.take_messages() == std::vector{message_of(1)});
    }

    TEST_CASE("from the end of a reset to the next DRIVER_OK no interrupt goes out (§2.4.1)") {
        Bench bench;
        bench.enable_msix();
        bench.start(bench.driver, {}, 1);
        bench.disk.hold();
        const auto request = bench.prepare(bench.driver, 0, spec::kBlockRead, 0);
        bench.driver.put_available(request.head);
        bench.notify();
        REQUIRE(eventually([&] { return bench.disk.waiting() == 1; }));
        bench.set_status(0);
        bench.disk.let_go();
        REQUIRE(eventually([&] { return bench.status() == 0; }));
        bench.take_messages();

        bench.driver.put_available(request.head);
        bench.notify();
        CHECK(bench.take_messages().empty());
        DriverQueue fresh(bench.guest, 16);
        bench.reach_features_ok({});
        bench.program_queue(0, fresh, 1);
        fresh.put_available(bench.prepare(fresh, 0, spec::kBlockRead, 0).head);
        bench.notify();

        CHECK(bench.take_messages().empty());
        CHECK(fresh.used_index() == 0);
    }

    TEST_CASE("from a queue's reset to its next enable no interrupt goes out for it (§2.6.1.1.1)") {
        Bench bench;
        bench.enable_msix();
        bench.start(bench.driver, {spec::kFeatureRingReset}, 1);
        REQUIRE(bench.run(bench.driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        CHECK(bench.take_messages() == std::vector{message_of(1)});
        bench.set_common(spec::kCommonQueueReset, 2, 1);
        REQUIRE(eventually([&] { return bench.common(spec::kCommonQueueReset, 2) == 0; }));
        bench.map_queue(0, 1);

        bench.driver.put_available(bench.prepare(bench.driver, 0, spec::kBlockRead, 0).head);
        bench.notify();

        CHECK(bench.take_messages().empty());
        CHECK(bench.driver.used_index() == 1);
    }

    TEST_CASE("accepted features read back in the window that shows them (§4.1.4.3.1)") {
        Bench bench;
        bench.set_status(1);
        bench.set_status(3);
        const FeatureSet offered = bench.offered();

        bench.accept(offered);

        for (std::uint32_t window = 0; window < 2; ++window) {
            bench.set_common(spec::kCommonDriverFeatureSelect, 4, window);
            CHECK(bench.common(spec::kCommonDriverFeature, 4) ==
                  (offered.bits() >> (window * 32) & 0xffffffff));
        }
    }

    TEST_CASE("a queue's interrupt takes any vector, or none, and tells which (§4.1.5.1.2.1)") {
        Bench bench;
        bench.enable_msix();
        bench.start(bench.driver);
        for (std::uint16_t vector = 0; vector < kVectors; ++vector) {
            bench.map_queue(0, vector);
            CHECK(bench.vector_of_queue(0) == vector);
            REQUIRE(bench.run(bench.driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
            CHECK(bench.take_messages() == std::vector{message_of(vector)});
            bench.map_queue(1, vector);
            CHECK(bench.vector_of_queue(1) == vector);
        }

        bench.map_queue(0, spec::kNoVector);

        CHECK(bench.vector_of_queue(0) == spec::kNoVector);
        REQUIRE(bench.run(bench.driver, spec::kBlockRead, 0) == spec::kBlockStatusOk);
        CHECK(bench.take_messages().empty());
    }

    TEST_CASE("the configuration's interrupt takes any vector, and shows in the ISR (§4.1.4.5.1)") {
        for (std::uint16_t vector = 0; vector < kVectors; ++vector) {
            Bench bench;
            bench.enable_msix();
            bench.map_configuration(vector);
            CHECK(bench.common(spec::kCommonConfigMsixVector, 2) == vector);
            bench.start(bench.driver);

            REQUIRE(bench.break_ring());

            CHECK(bench.take_messages() == std::vector{message_of(vector)});
            CHECK_FALSE(bench.interrupt_status());
            CHECK(bench.read_isr() == spec::kIsrConfiguration);
            CHECK(bench.read_isr() == 0);
        }
    }

    TEST_CASE("a change of the configuration without a vector is told by nothing (§4.1.5.4.1)") {
        FakeIrqLine line;
        Bench bench;
        bench.machine.host.intx().connect(IntxInput{1, 0}, &line);
        bench.enable_msix();
        bench.map_configuration(1);
        bench.map_configuration(spec::kNoVector);
        CHECK(bench.common(spec::kCommonConfigMsixVector, 2) == spec::kNoVector);
        bench.start(bench.driver, {}, 1);

        REQUIRE(bench.break_ring());

        CHECK(bench.take_messages().empty());
        CHECK_FALSE(line.level());
    }

    TEST_CASE("without MSI-X a change of the configuration is bit 1 and the pin (§4.1.4.5.1)") {
        FakeIrqLine line;
        Bench bench;
        bench.machine.host.intx().connect(IntxInput{1, 0}, &line);
        bench.start(bench.driver);
        CHECK_FALSE(bench.interrupt_status());

        REQUIRE(bench.break_ring());
        bench.settle();
        bench.relay.run();

        CHECK(line.level());
        CHECK(bench.interrupt_status());
        CHECK(bench.read_isr() == spec::kIsrConfiguration);
        CHECK_FALSE(bench.interrupt_status());
    }

    TEST_CASE("the notification structure has room for every queue there can be (§4.1.4.4.1)") {
        BlkPciConfig settings;
        settings.blk.num_queues = 64;
        Bench bench(settings);
        const auto at = find_notify(bench);
        REQUIRE(at.has_value());
        const auto length =
            bench.pci.read(VirtioBench::kBdf, *at + spec::kCapabilityRegionLength, 4);
        const auto multiplier = bench.pci.read(VirtioBench::kBdf, *at + spec::kCapabilityExtra, 4);

        for (std::uint16_t queue = 0; queue < 64; ++queue) {
            bench.select(queue);
            REQUIRE(bench.common(spec::kCommonQueueSize, 2) != 0);
            // 4 bytes are what a notification with data takes.
            CHECK(bench.common(spec::kCommonQueueNotifyOff, 2) * multiplier + 4 <= length);
        }
    }

    TEST_CASE("who sees the used index sees its element, and what was read (§2.7.8.2)") {
        constexpr unsigned kRounds = 3000;
        Bench bench;
        // Long enough that most elements are in other cache lines than the index.
        DriverQueue driver(bench.guest, 256);
        bench.start(driver);
        for (std::size_t at = 0; at < VirtioBench::kDiskSize; ++at) {
            bench.disk.bytes[at] = 0x11;
        }
        // Of three sizes in turn: what an element was 256 rounds before has another length. Under
        // ThreadSanitizer an index that is written too early is a race, whoever is faster.
        const VirtioBench::Request requests[] = {
            bench.prepare(driver, 0, spec::kBlockRead, 0, 512),
            bench.prepare(driver, 1, spec::kBlockRead, 0, 1024),
            bench.prepare(driver, 2, spec::kBlockRead, 0, 1536)};
        unsigned wrong = 0;
        for (unsigned round = 0; round < kRounds && wrong == 0; ++round) {
            const std::uint32_t size = 512 * (round % 3 + 1);
            const VirtioBench::Request& request = requests[round % 3];
            bench.guest.fill(request.data, size, 0xcc);
            driver.put_available(request.head);
            bench.notify();
            // No sleep: this thread looks while the device's writes.
            const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
            std::optional<spec::UsedElement> used;
            while (!used && std::chrono::steady_clock::now() < end) {
                used = driver.take_used();
            }
            wrong += used && used->id == request.head && used->length == size + 1 &&
                             bench.guest.bytes(request.data, size) ==
                                 std::vector<std::uint8_t>(size, 0x11)
                         ? 0
                         : 1;
        }

        CHECK(wrong == 0);
    }
}
