// SPDX-License-Identifier: Apache-2.0
// ScsiDevice.
#include "virtio/scsi/scsi_device.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bits.h"
#include "base/text.h"
#include "virtio/spec.h"

namespace siskin {

namespace spec = virtio_spec;

std::vector<Error> scsi_device_option_problems(const ScsiDeviceOptions& options) {
    std::vector<Error> problems;
    if (!is_power_of_two(options.queue_size)) {
        problems.push_back(
            Error{ErrorClass::GenericError,
                  concat("virtqueue_size is ", options.queue_size, ", allowed is a power of two")});
    }
    return problems;
}

Result<std::unique_ptr<ScsiDevice>> ScsiDevice::create(IoThread& io_thread,
                                                       const ScsiDeviceOptions& options,
                                                       std::string bus_name) {
    std::vector<Error> problems = scsi_device_option_problems(options);
    if (!problems.empty()) {
        return fail(std::move(problems.front()));
    }
    return std::unique_ptr<ScsiDevice>(
        new ScsiDevice(io_thread, options, std::move(bus_name), SISKIN_TRY(EventFd::create())));
}

ScsiDevice::ScsiDevice(IoThread& io_thread, const ScsiDeviceOptions& options, std::string bus_name,
                       EventFd idle)
    : ThreadedDevice(io_thread),
      options_(options),
      queue_sizes_(std::size_t{spec::kScsiRequestQueue} + options.num_queues, options.queue_size),
      bus_(std::move(bus_name), this),
      io_(std::move(idle), shared_) {}

ScsiDevice::~ScsiDevice() {
    ThreadedDevice::settle();
}

std::uint16_t ScsiDevice::device_id() const {
    return spec::kDeviceIdScsi;
}

std::uint32_t ScsiDevice::class_code() const {
    return spec::kScsiClassCode;
}

FeatureSet ScsiDevice::offered_features() const {
    FeatureSet offered;
    if (options_.hotplug) {
        offered.add(spec::kScsiFeatureHotplug);
    }
    if (options_.param_change) {
        offered.add(spec::kScsiFeatureChange);
    }
    return offered;
}

std::uint64_t ScsiDevice::read_config(std::uint64_t offset, unsigned width) {
    // What seg_max_adjust=off tells, whatever the queue's size: 128 less header and response.
    constexpr std::uint32_t kFixedSegMax = 126;
    spec::ScsiConfigSpace config;
    config.num_queues = options_.num_queues;
    config.seg_max = options_.seg_max_adjust ? std::max(options_.queue_size, std::uint16_t{3}) - 2U
                                             : kFixedSegMax;
    config.max_sectors = options_.max_sectors;
    config.cmd_per_lun = options_.cmd_per_lun;
    config.event_info_size = std::uint32_t{sizeof(spec::ScsiEvent)};
    config.sense_size = shared_.sense_size.load();
    config.cdb_size = shared_.cdb_size.load();
    config.max_channel = std::uint16_t{ScsiBus::kChannelMax};
    config.max_target = std::uint16_t{ScsiBus::kTargetMax};
    config.max_lun = ScsiBus::kLunMax;
    std::uint64_t value = 0;
    if (offset < sizeof(config)) {
        const auto size = std::min<std::uint64_t>({width, 8, sizeof(config) - offset});
        std::memcpy(&value, reinterpret_cast<const std::byte*>(&config) + offset, size);
    }
    return value;
}

// §5.6.4: two fields are the driver's.
void ScsiDevice::write_config(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (width == 4) {
        write_size(offset, value);
    }
}

// Old drivers write byte by byte.
void ScsiDevice::write_legacy_config(std::uint64_t offset, std::uint64_t value) {
    const std::uint64_t field = align_down(offset, 4);
    const auto shift = static_cast<unsigned>(offset - field) * 8;
    write_size(field, (read_config(field, 4) & ~(std::uint64_t{0xff} << shift)) | value << shift);
}

// A size that no command or sense data has is not taken.
void ScsiDevice::write_size(std::uint64_t offset, std::uint64_t value) {
    if (offset == offsetof(spec::ScsiConfigSpace, sense_size) &&
        value <= ScsiLayout::kSenseSizeMax) {
        shared_.sense_size.store(static_cast<std::uint32_t>(value));
    } else if (offset == offsetof(spec::ScsiConfigSpace, cdb_size) &&
               value <= ScsiLayout::kCdbSizeMax) {
        shared_.cdb_size.store(static_cast<std::uint32_t>(value));
    }
}

// §5.6.4.2.
void ScsiDevice::restore_sizes() {
    shared_.sense_size.store(spec::kScsiSenseSizeDefault);
    shared_.cdb_size.store(spec::kScsiCdbSizeDefault);
}

std::size_t ScsiDevice::tasks_max() const {
    return std::min<std::size_t>(std::size_t{options_.num_queues} * options_.queue_size, kTasksMax);
}

void ScsiDevice::add(ScsiUnit& unit, ScsiAddress address, bool is_new) {
    post([this, &unit, address, is_new](IoLoop&) { io_.add_unit(unit, address, is_new); });
}

void ScsiDevice::remove(ScsiUnit& unit, std::function<void()> done) {
    post([this, &unit, done = std::move(done)](IoLoop&) { io_.remove_unit(unit, done); });
}

void ScsiDevice::tell_capacity_changed(ScsiUnit& unit) {
    post([this, &unit](IoLoop&) { io_.update_capacity(unit); });
}

}  // namespace siskin
