// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/common_config, register by register.
#include "virtio/transport/common_config.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "tests/harness/test_guest.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

class IdleDevice final : public VirtioDevice {
public:
    std::uint16_t device_id() const override { return 1; }
    std::uint32_t class_code() const override { return 0; }
    FeatureSet offered_features() const override { return {}; }
    const std::vector<std::uint16_t>& queue_sizes() const override { return sizes; }
    std::uint64_t read_config(std::uint64_t, unsigned) override { return 0; }
    void write_config(std::uint64_t, unsigned, std::uint64_t) override {}
    std::uint16_t config_size() const override { return 0; }
    std::uint8_t config_generation() const override { return generation; }
    void activate(ActiveQueues, DeviceHost&) override {}
    void deactivate(std::function<void()> done) override { done(); }
    void pause(std::function<void()> done) override { done(); }
    void allow_transfers(bool) override {}
    bool is_quiet() const override { return true; }

    std::vector<std::uint16_t> sizes{256, 128, 64};
    std::uint8_t generation = 7;
};

class Owner final : public CommonConfigOwner {
public:
    bool is_valid_queue(const QueueConfig& config, std::uint16_t size_max) override {
        return check_queue(config, size_max, RingFormat::Split, *guest.memory()).has_value();
    }
    bool is_usable_vector(std::uint16_t vector) override { return vector < 4; }
    void on_vectors_changed() override { ++vector_changes; }
    void on_features_ok(FeatureSet) override { ++features_oks; }
    void on_driver_ok() override { ++driver_oks; }
    void on_reset_requested(DriverInterface) override {
        ++resets;
        common->begin_reset();
    }
    void on_legacy_driver() override {}
    void on_queue_reset_requested(std::size_t, DriverInterface) override { ++queue_resets; }
    bool on_queue_enabled_again(std::size_t) override { return true; }
    void before_access() override {}
    bool needs_reset() const override { return broken; }

    TestGuest guest;
    CommonConfig* common = nullptr;
    bool broken = false;
    unsigned vector_changes = 0;
    unsigned features_oks = 0;
    unsigned driver_oks = 0;
    unsigned resets = 0;
    unsigned queue_resets = 0;
};

struct Bench {
    Bench() { owner.common = &common; }

    std::uint64_t get(std::uint64_t offset, unsigned width) {
        return common.read(IoAccess{offset, width});
    }
    void set(std::uint64_t offset, unsigned width, std::uint64_t value) {
        common.write(IoAccess{offset, width}, value);
    }
    void select(std::uint16_t queue) { set(spec::kCommonQueueSelect, 2, queue); }
    void set_address(std::uint64_t offset, std::uint64_t address) {
        set(offset, 4, address & 0xffffffff);
        set(offset + 4, 4, address >> 32);
    }
    void program_queue(std::uint16_t queue) {
        select(queue);
        set(spec::kCommonQueueSize, 2, 16);
        set_address(spec::kCommonQueueDescriptorTable, 0x10000);
        set_address(spec::kCommonQueueAvailableRing, 0x20000);
        set_address(spec::kCommonQueueUsedRing, 0x30000);
    }
    void enable() { set(spec::kCommonQueueEnable, 2, 1); }
    void set_status(std::uint8_t status) { set(spec::kCommonDeviceStatus, 1, status); }
    void accept_version_1() {
        set(spec::kCommonDriverFeatureSelect, 4, 1);
        set(spec::kCommonDriverFeature, 4, 1);
    }
    void reach_driver_ok() {
        set_status(1);
        set_status(3);
        accept_version_1();
        set_status(11);
        set_status(15);
    }
    // Every byte of the structure and what lies behind it.
    std::vector<std::uint64_t> dump() {
        std::vector<std::uint64_t> all;
        for (std::uint16_t queue = 0; queue < 4; ++queue) {
            select(queue);
            for (std::uint64_t offset = 0; offset < 72; ++offset) {
                all.push_back(get(offset, 1));
            }
        }
        select(0);
        return all;
    }

    IdleDevice device;
    Owner owner;
    CommonConfig common{device, FeatureSet{5, spec::kFeatureVersion1}, owner};
};

}  // namespace

TEST_SUITE("virtio/transport/common_config") {
    TEST_CASE("the registers at power-on (virtio 1.2 §4.1.4.3)") {
        Bench bench;

        CHECK(bench.get(spec::kCommonDeviceFeature, 4) == 1U << 5);
        CHECK(bench.get(spec::kCommonNumQueues, 2) == 3);
        CHECK(bench.get(spec::kCommonDeviceStatus, 1) == 0);
        CHECK(bench.get(spec::kCommonConfigGeneration, 1) == 7);
        CHECK(bench.get(spec::kCommonConfigMsixVector, 2) == spec::kNoVector);
        CHECK(bench.get(spec::kCommonQueueSize, 2) == 256);
        CHECK(bench.get(spec::kCommonQueueMsixVector, 2) == spec::kNoVector);
        CHECK(bench.get(spec::kCommonQueueEnable, 2) == 0);
        bench.select(2);
        CHECK(bench.get(spec::kCommonQueueSize, 2) == 64);
        CHECK(bench.get(spec::kCommonQueueNotifyOff, 2) == 2);
        bench.set(spec::kCommonDeviceFeatureSelect, 4, 1);
        CHECK(bench.get(spec::kCommonDeviceFeature, 4) == 1);
        bench.set(spec::kCommonDeviceFeatureSelect, 4, 2);
        CHECK(bench.get(spec::kCommonDeviceFeature, 4) == 0);
    }

    TEST_CASE("a selected queue that does not exist reads as 0 and drops writes (T02)") {
        Bench bench;
        const auto before = bench.dump();
        for (const unsigned queue : {3U, 4U, 0x7fffU, 0xffffU}) {
            bench.select(static_cast<std::uint16_t>(queue));
            for (std::uint64_t offset = 24; offset < 72; ++offset) {
                for (const unsigned width : {1U, 2U, 4U, 8U}) {
                    CHECK(bench.get(offset, width) == 0);
                    bench.set(offset, width, 0x0101010101010101);
                }
            }
            CHECK(bench.get(spec::kCommonQueueSelect, 2) == queue);
        }
        bench.select(0);
        bench.set(spec::kCommonDriverFeature, 4, 0);

        CHECK(bench.dump() == before);
    }

    TEST_CASE("any read of any width is the bytes of the registers, zeroes behind the end") {
        Bench bench;
        bench.program_queue(1);
        std::vector<std::uint64_t> bytes;
        for (std::uint64_t offset = 0; offset < 80; ++offset) {
            bytes.push_back(bench.get(offset, 1));
        }
        for (std::uint64_t offset = 0; offset < 72; ++offset) {
            for (unsigned width = 1; width <= 8; ++width) {
                std::uint64_t expected = 0;
                for (unsigned byte = 0; byte < width; ++byte) {
                    expected |= bytes[offset + byte] << (byte * 8);
                }
                CHECK(bench.get(offset, width) == expected);
            }
        }
        CHECK(bench.get(0xff8, 8) == 0);
    }

    TEST_CASE("64-bit fields take halves and the whole, nothing else (§4.1.3.1)") {
        Bench bench;
        const std::uint64_t at = spec::kCommonQueueDescriptorTable;
        bench.set(at, 8, 0x1122334455667788);
        CHECK(bench.get(at, 8) == 0x1122334455667788);
        bench.set(at + 4, 4, 0xaabbccdd);
        CHECK(bench.get(at, 8) == 0xaabbccdd55667788);
        bench.set(at, 2, 0);
        bench.set(at + 1, 4, 0);
        bench.set(at + 2, 4, 0);
        bench.set(at + 4, 8, 0);
        CHECK(bench.get(at, 8) == 0xaabbccdd55667788);
    }

    TEST_CASE("narrower, wider and unaligned writes of the other fields are dropped") {
        Bench bench;
        bench.set(spec::kCommonQueueSelect, 1, 2);
        bench.set(spec::kCommonQueueSelect, 4, 2);
        bench.set(spec::kCommonQueueSelect + 1, 1, 2);
        bench.set(spec::kCommonQueueSize, 4, 16);
        bench.set(spec::kCommonDeviceStatus, 2, 1);
        bench.set(spec::kCommonConfigGeneration, 1, 1);
        bench.set(spec::kCommonNumQueues, 2, 1);

        CHECK(bench.get(spec::kCommonQueueSelect, 2) == 0);
        CHECK(bench.get(spec::kCommonQueueSize, 2) == 256);
        CHECK(bench.get(spec::kCommonDeviceStatus, 1) == 0);
        CHECK(bench.get(spec::kCommonConfigGeneration, 1) == 7);
        CHECK(bench.get(spec::kCommonNumQueues, 2) == 3);
    }

    TEST_CASE("a vector that does not exist reads back as NO_VECTOR (§4.1.5.1.2.1)") {
        Bench bench;
        for (const unsigned vector : {4U, 5U, 0x7ffU, 0x800U, 0xfffeU, 0xffffU}) {
            bench.set(spec::kCommonConfigMsixVector, 2, vector);
            bench.set(spec::kCommonQueueMsixVector, 2, vector);
            CHECK(bench.get(spec::kCommonConfigMsixVector, 2) == spec::kNoVector);
            CHECK(bench.get(spec::kCommonQueueMsixVector, 2) == spec::kNoVector);
        }
        bench.set(spec::kCommonConfigMsixVector, 2, 0);
        bench.set(spec::kCommonQueueMsixVector, 2, 3);
        CHECK(bench.get(spec::kCommonConfigMsixVector, 2) == 0);
        CHECK(bench.get(spec::kCommonQueueMsixVector, 2) == 3);
        CHECK(bench.owner.vector_changes == 14);
    }

    TEST_CASE("a size that is no power of two reads as 0 without RING_PACKED (§4.1.4.3.1)") {
        Bench bench;
        bench.program_queue(0);

        bench.set(spec::kCommonQueueSize, 2, 12);

        CHECK(bench.get(spec::kCommonQueueSize, 2) == 0);
        bench.set(spec::kCommonDriverFeatureSelect, 4, 1);
        bench.set(spec::kCommonDriverFeature, 4, 1U << (spec::kFeatureRingPacked - 32U));
        CHECK(bench.get(spec::kCommonQueueSize, 2) == 12);
    }

    TEST_CASE("a queue that cannot work is not enabled, and reads back so") {
        Bench bench;
        bench.program_queue(0);
        for (const unsigned size : {0U, 3U, 512U, 65535U}) {
            bench.set(spec::kCommonQueueSize, 2, size);
            bench.enable();
            CHECK(bench.get(spec::kCommonQueueEnable, 2) == 0);
        }
        bench.set(spec::kCommonQueueSize, 2, 16);
        bench.set_address(spec::kCommonQueueUsedRing, 0x30002);
        bench.enable();
        CHECK(bench.get(spec::kCommonQueueEnable, 2) == 0);
        bench.set_address(spec::kCommonQueueUsedRing, TestGuest::kHole);
        bench.enable();
        CHECK(bench.get(spec::kCommonQueueEnable, 2) == 0);
        bench.set_address(spec::kCommonQueueUsedRing, 0x30000);
        bench.set(spec::kCommonQueueEnable, 2, 2);
        CHECK(bench.get(spec::kCommonQueueEnable, 2) == 0);
        bench.enable();
        CHECK(bench.get(spec::kCommonQueueEnable, 2) == 1);
    }

    TEST_CASE(
        "an enabled queue's registers are frozen, twice enabled and 0 change nothing (T01, T04)") {
        Bench bench;
        bench.program_queue(0);
        bench.enable();
        const auto before = bench.dump();

        bench.set(spec::kCommonQueueSize, 2, 8);
        bench.set_address(spec::kCommonQueueDescriptorTable, 0x40000);
        bench.set_address(spec::kCommonQueueAvailableRing, 0x50000);
        bench.set_address(spec::kCommonQueueUsedRing, 0x60000);
        bench.set(spec::kCommonQueueUsedRing, 8, 0x60000);
        bench.set(spec::kCommonQueueEnable, 2, 0);
        bench.enable();

        CHECK(bench.dump() == before);
    }

    TEST_CASE(
        "after DRIVER_OK every queue register but the vector is frozen, of all queues (T01)") {
        Bench bench;
        bench.program_queue(0);
        bench.enable();
        bench.program_queue(1);
        bench.reach_driver_ok();
        const auto before = bench.dump();
        for (std::uint16_t queue = 0; queue < 3; ++queue) {
            bench.select(queue);
            for (const std::uint64_t poison :
                 {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{64}, ~std::uint64_t{0}}) {
                bench.set(spec::kCommonQueueSize, 2, poison & 0xffff);
                bench.set(spec::kCommonQueueEnable, 2, poison & 0xffff);
                bench.set_address(spec::kCommonQueueDescriptorTable, poison);
                bench.set_address(spec::kCommonQueueAvailableRing, poison);
                bench.set_address(spec::kCommonQueueUsedRing, poison);
            }
        }

        CHECK(bench.dump() == before);
        bench.select(0);
        bench.set(spec::kCommonQueueMsixVector, 2, 1);
        CHECK(bench.get(spec::kCommonQueueMsixVector, 2) == 1);
    }

    TEST_CASE("features are frozen by FEATURES_OK, which bad ones do not reach") {
        Bench bench;
        bench.set_status(3);
        bench.set(spec::kCommonDriverFeatureSelect, 4, 0);
        bench.set(spec::kCommonDriverFeature, 4, 1U << 6);
        bench.accept_version_1();
        bench.set_status(11);
        REQUIRE(bench.get(spec::kCommonDeviceStatus, 1) == 3);

        bench.set(spec::kCommonDriverFeatureSelect, 4, 0);
        bench.set(spec::kCommonDriverFeature, 4, 1U << 5);
        bench.set_status(11);
        REQUIRE(bench.get(spec::kCommonDeviceStatus, 1) == 11);
        bench.set(spec::kCommonDriverFeature, 4, 0);

        CHECK(bench.get(spec::kCommonDriverFeature, 4) == 1U << 5);
        CHECK(bench.common.accepted() == FeatureSet{5, 32});
        CHECK(bench.owner.features_oks == 1);
    }

    TEST_CASE("DRIVER_OK tells the owner once") {
        Bench bench;

        bench.reach_driver_ok();
        bench.set_status(15);

        CHECK(bench.owner.driver_oks == 1);
        CHECK(bench.common.driver_ok());
    }

    TEST_CASE("during a reset the status keeps its value and writes are dropped (§2.4)") {
        Bench bench;
        const auto power_on = bench.dump();
        bench.program_queue(0);
        bench.enable();
        bench.reach_driver_ok();

        bench.set_status(0);
        CHECK(bench.get(spec::kCommonDeviceStatus, 1) == 15);
        bench.set_status(1);
        bench.set(spec::kCommonConfigMsixVector, 2, 1);
        CHECK(bench.owner.resets == 1);
        CHECK(bench.get(spec::kCommonConfigMsixVector, 2) == spec::kNoVector);

        bench.common.finish_reset();
        CHECK(bench.dump() == power_on);
        bench.reach_driver_ok();
        CHECK(bench.owner.driver_oks == 2);
    }

    TEST_CASE("a broken device shows DEVICE_NEEDS_RESET (§2.1.2)") {
        Bench bench;
        bench.reach_driver_ok();

        bench.owner.broken = true;

        CHECK(bench.get(spec::kCommonDeviceStatus, 1) == (15 | spec::kStatusNeedsReset));
    }

    TEST_CASE("200,000 random writes keep what must hold") {
        Bench bench;
        std::mt19937_64 random(1);
        unsigned broken = 0;
        for (int step = 0; step < 200'000; ++step) {
            const std::uint64_t pick = random();
            static constexpr unsigned kWidths[] = {1, 2, 4, 8};
            bench.set(pick % 72, kWidths[pick >> 8 & 3], random() >> (pick >> 16 & 63));
            if (bench.common.resetting()) {
                bench.common.finish_reset();
            }
            for (const QueueRegisters& queue : bench.common.queues()) {
                broken += queue.enabled && !bench.owner.is_valid_queue(queue.config, queue.size_max)
                              ? 1
                              : 0;
                broken += queue.vector != spec::kNoVector && queue.vector >= 4 ? 1 : 0;
            }
        }

        CHECK(broken == 0);
    }
}

}  // namespace siskin
