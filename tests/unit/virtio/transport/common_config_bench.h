// SPDX-License-Identifier: Apache-2.0
// CommonConfigBench: the common configuration structure without a device behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/harness/test_guest.h"
#include "virtio/transport/common_config.h"

namespace siskin {

// Has three queues and nothing to do.
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

// Counts what the registers set in motion; its resets end where the test says so.
class CountingOwner final : public CommonConfigOwner {
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

// The registers, driven as a driver does it.
struct CommonConfigBench {
    CommonConfigBench() { owner.common = &common; }

    std::uint64_t get(std::uint64_t offset, unsigned width) {
        return common.read(IoAccess{offset, width});
    }
    void set(std::uint64_t offset, unsigned width, std::uint64_t value) {
        common.write(IoAccess{offset, width}, value);
    }
    void select(std::uint16_t queue) { set(virtio_spec::kCommonQueueSelect, 2, queue); }
    void set_address(std::uint64_t offset, std::uint64_t address) {
        set(offset, 4, address & 0xffffffff);
        set(offset + 4, 4, address >> 32);
    }
    void program_queue(std::uint16_t queue) {
        select(queue);
        set(virtio_spec::kCommonQueueSize, 2, 16);
        set_address(virtio_spec::kCommonQueueDescriptorTable, 0x10000);
        set_address(virtio_spec::kCommonQueueAvailableRing, 0x20000);
        set_address(virtio_spec::kCommonQueueUsedRing, 0x30000);
    }
    void enable() { set(virtio_spec::kCommonQueueEnable, 2, 1); }
    void set_status(std::uint8_t status) { set(virtio_spec::kCommonDeviceStatus, 1, status); }
    void accept_version_1() {
        set(virtio_spec::kCommonDriverFeatureSelect, 4, 1);
        set(virtio_spec::kCommonDriverFeature, 4, 1);
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
    CountingOwner owner;
    CommonConfig common{device, FeatureSet{5, virtio_spec::kFeatureVersion1}, owner};
};

}  // namespace siskin
