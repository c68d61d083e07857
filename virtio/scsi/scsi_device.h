// SPDX-License-Identifier: Apache-2.0
// ScsiDevice: the virtio SCSI host device of virtio 1.2 §5.6.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/loop/io_thread.h"
#include "base/result.h"
#include "devices/scsi/scsi_bus.h"
#include "virtio/device.h"
#include "virtio/queue/threaded_device.h"
#include "virtio/scsi/scsi_io.h"
#include "virtio/scsi/spec.h"

namespace siskin {

struct ScsiDeviceOptions {
    std::uint16_t num_queues = 1;    // of requests
    std::uint16_t queue_size = 256;  // a power of two
    bool seg_max_adjust = true;
    std::uint32_t max_sectors = 0xffff;
    std::uint32_t cmd_per_lun = 128;
    bool hotplug = true;
    bool param_change = true;
};

// All that speaks against them.
[[nodiscard]] std::vector<Error> scsi_device_option_problems(const ScsiDeviceOptions& options);

// Models: request queues, task management, hot-plug and parameter change events, 256 targets of
// 16384 units in places. Left out: bidirectional commands, protection information, events of a
// physical interface, the REPORT LUNS well-known unit.
// The control side; what touches queues and units is ScsiIo on the IoThread.
// Thread: under MachineLock.
class ScsiDevice final : public ThreadedDevice, public ScsiTransport {
public:
    // Commands of one unit that its medium takes at once; more find its task set full.
    static constexpr std::size_t kTasksMax = 1024;

    // The thread outlives it. Errors: an option is out of its bounds; no descriptor left.
    [[nodiscard]] static Result<std::unique_ptr<ScsiDevice>> create(
        IoThread& io_thread, const ScsiDeviceOptions& options, std::string bus_name);
    // Its units have gone. Waits as settle() does, unless that was called.
    ~ScsiDevice() override;
    ScsiDevice(const ScsiDevice&) = delete;
    ScsiDevice& operator=(const ScsiDevice&) = delete;

    [[nodiscard]] ScsiBus& bus() { return bus_; }
    [[nodiscard]] const ScsiBus& bus() const { return bus_; }

    [[nodiscard]] std::uint16_t device_id() const override;
    [[nodiscard]] std::uint32_t class_code() const override;
    [[nodiscard]] FeatureSet offered_features() const override;
    [[nodiscard]] const std::vector<std::uint16_t>& queue_sizes() const override {
        return queue_sizes_;
    }
    [[nodiscard]] std::uint64_t read_config(std::uint64_t offset, unsigned width) override;
    void write_config(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    void write_legacy_config(std::uint64_t offset, std::uint64_t value) override;
    [[nodiscard]] std::uint16_t config_size() const override {
        return sizeof(virtio_spec::ScsiConfigSpace);
    }
    [[nodiscard]] std::uint8_t config_generation() const override { return 0; }
    void features_forgotten() override { restore_sizes(); }

    // ScsiTransport
    [[nodiscard]] IoThread& io_thread() override { return ThreadedDevice::io_thread(); }
    [[nodiscard]] std::size_t tasks_max() const override;
    void add(ScsiUnit& unit, ScsiAddress address, bool is_new) override;
    void remove(ScsiUnit& unit, std::function<void()> done) override;
    void tell_capacity_changed(ScsiUnit& unit) override;

private:
    ScsiDevice(IoThread& io_thread, const ScsiDeviceOptions& options, std::string bus_name,
               EventFd idle);
    // ThreadedDevice
    [[nodiscard]] QueueSet& queues() override { return io_; }
    void on_deactivated() override { restore_sizes(); }
    void restore_sizes();
    void write_size(std::uint64_t offset, std::uint64_t value);

    const ScsiDeviceOptions options_;
    std::vector<std::uint16_t> queue_sizes_;
    ScsiShared shared_;
    ScsiBus bus_;
    ScsiIo io_;  // the IoThread's
};

}  // namespace siskin
