// SPDX-License-Identifier: Apache-2.0
// ScsiShape: what a SCSI host device would be, without what makes it run.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "virtio/device.h"
#include "virtio/scsi/spec.h"
#include "virtio/spec.h"

namespace siskin {

// For a plan: no thread, no units, and never an active queue. Thread: VM loop.
class ScsiShape final : public VirtioDevice {
public:
    ScsiShape(std::uint16_t num_queues, std::uint16_t queue_size)
        : queue_sizes_(std::size_t{virtio_spec::kScsiRequestQueue} + num_queues, queue_size) {}

    [[nodiscard]] std::uint16_t device_id() const override { return virtio_spec::kDeviceIdScsi; }
    [[nodiscard]] std::uint32_t class_code() const override { return virtio_spec::kScsiClassCode; }
    [[nodiscard]] FeatureSet offered_features() const override { return {}; }
    [[nodiscard]] const std::vector<std::uint16_t>& queue_sizes() const override {
        return queue_sizes_;
    }
    [[nodiscard]] std::uint64_t read_config(std::uint64_t, unsigned) override { return 0; }
    void write_config(std::uint64_t, unsigned, std::uint64_t) override {}
    [[nodiscard]] std::uint16_t config_size() const override {
        return sizeof(virtio_spec::ScsiConfigSpace);
    }
    [[nodiscard]] std::uint8_t config_generation() const override { return 0; }
    void activate(ActiveQueues, DeviceHost&) override {}
    void deactivate(std::function<void()> done) override { done(); }
    void pause(std::function<void()> done) override { done(); }
    void allow_transfers(bool) override {}
    [[nodiscard]] bool is_quiet() const override { return true; }

private:
    std::vector<std::uint16_t> queue_sizes_;
};

}  // namespace siskin
