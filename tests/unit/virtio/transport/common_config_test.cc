// SPDX-License-Identifier: Apache-2.0
// Proves virtio/transport/common_config, register by register.
#include "virtio/transport/common_config.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "tests/unit/virtio/transport/common_config_bench.h"

namespace siskin {

namespace spec = virtio_spec;

namespace {

using Bench = CommonConfigBench;

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

    TEST_CASE("any read of any width is the bytes of the registers, zeroes behind the end (T12)") {
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

    TEST_CASE("narrower, wider and unaligned writes of the other fields are dropped (T12)") {
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

    TEST_CASE("a vector that does not exist reads back as NO_VECTOR (T03, §4.1.5.1.2.1)") {
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

    TEST_CASE("a size that is no power of two reads as 0 without RING_PACKED (V17, §4.1.4.3.1)") {
        Bench bench;
        bench.program_queue(0);

        bench.set(spec::kCommonQueueSize, 2, 12);

        CHECK(bench.get(spec::kCommonQueueSize, 2) == 0);
        bench.set(spec::kCommonDriverFeatureSelect, 4, 1);
        bench.set(spec::kCommonDriverFeature, 4, 1U << (spec::kFeatureRingPacked - 32U));
        CHECK(bench.get(spec::kCommonQueueSize, 2) == 12);
    }

    TEST_CASE("a queue that cannot work is not enabled, and reads back so (V17)") {
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

    TEST_CASE("features are frozen by FEATURES_OK, which bad ones do not reach (T06)") {
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

    TEST_CASE("during a reset the status keeps its value and writes are dropped (T11, §2.4)") {
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

    TEST_CASE("200,000 random writes keep what must hold (T01, T03)") {
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
