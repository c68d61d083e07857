// SPDX-License-Identifier: Apache-2.0
// CommonConfig.
#include "virtio/transport/common_config.h"

#include <algorithm>
#include <array>

#include "base/bits.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;

struct Field {
    std::uint64_t offset;
    unsigned width;  // bytes
};

constexpr std::array kFields{
    Field{spec::kCommonDeviceFeatureSelect, 4}, Field{spec::kCommonDeviceFeature, 4},
    Field{spec::kCommonDriverFeatureSelect, 4}, Field{spec::kCommonDriverFeature, 4},
    Field{spec::kCommonConfigMsixVector, 2},    Field{spec::kCommonNumQueues, 2},
    Field{spec::kCommonDeviceStatus, 1},        Field{spec::kCommonConfigGeneration, 1},
    Field{spec::kCommonQueueSelect, 2},         Field{spec::kCommonQueueSize, 2},
    Field{spec::kCommonQueueMsixVector, 2},     Field{spec::kCommonQueueEnable, 2},
    Field{spec::kCommonQueueNotifyOff, 2},      Field{spec::kCommonQueueDescriptorTable, 8},
    Field{spec::kCommonQueueAvailableRing, 8},  Field{spec::kCommonQueueUsedRing, 8},
    Field{spec::kCommonQueueNotifyData, 2},     Field{spec::kCommonQueueReset, 2},
};

// The field that holds the byte at `offset`, or null.
const Field* field_at(std::uint64_t offset) {
    const auto* const found = std::find_if(kFields.begin(), kFields.end(), [&](const Field& field) {
        return offset >= field.offset && offset - field.offset < field.width;
    });
    return found == kFields.end() ? nullptr : found;
}

QueueRegisters power_on(std::uint16_t size_max) {
    QueueRegisters queue;
    queue.size_max = size_max;
    queue.config.size = size_max;
    return queue;
}

}  // namespace

CommonConfig::CommonConfig(VirtioDevice& device, FeatureSet offered, CommonConfigOwner& owner)
    : device_(device), owner_(owner), features_(offered) {
    for (const std::uint16_t size : device.queue_sizes()) {
        queues_.push_back(power_on(size));
    }
}

void CommonConfig::finish_queue_reset(std::size_t index) {
    queues_[index] = power_on(queues_[index].size_max);
    queues_[index].was_reset = began_;
}

void CommonConfig::finish_reset() {
    features_.reset();
    status_.clear();
    for (QueueRegisters& queue : queues_) {
        queue = power_on(queue.size_max);
    }
    device_feature_select_ = 0;
    driver_feature_select_ = 0;
    config_vector_ = spec::kNoVector;
    queue_select_ = 0;
    interface_.reset();
    began_ = false;
    resetting_ = false;
}

QueueRegisters* CommonConfig::selected_queue() {
    return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
}

const QueueRegisters* CommonConfig::selected() const {
    return queue_select_ < queues_.size() ? &queues_[queue_select_] : nullptr;
}

std::uint64_t CommonConfig::read(IoAccess access) {
    owner_.before_access();
    std::uint64_t value = 0;
    for (unsigned index = 0; index < access.width && index < 8; ++index) {
        const std::uint64_t offset = access.offset + index;
        if (const Field* const field = field_at(offset)) {
            const std::uint64_t byte =
                (read_field(field->offset) >> ((offset - field->offset) * 8)) & 0xff;
            value |= byte << (index * 8);
        }
    }
    return value;
}

std::uint64_t CommonConfig::read_field(std::uint64_t offset) {
    switch (offset) {
        case spec::kCommonDeviceFeatureSelect: return device_feature_select_;
        case spec::kCommonDeviceFeature: return features_.read_offered(device_feature_select_);
        case spec::kCommonDriverFeatureSelect: return driver_feature_select_;
        case spec::kCommonDriverFeature: return features_.read_accepted(driver_feature_select_);
        case spec::kCommonConfigMsixVector: return config_vector_;
        case spec::kCommonNumQueues: return queues_.size();
        case spec::kCommonDeviceStatus:
            return status_.value() | (owner_.needs_reset() ? spec::kStatusNeedsReset : 0U);
        case spec::kCommonConfigGeneration: return device_.config_generation();
        case spec::kCommonQueueSelect: return queue_select_;
        default: return read_queue_field(offset);
    }
}

// §4.1.4.3.1: a power of two without RING_PACKED. A driver that wrote another size is shown that
// there is no such queue, and cannot enable it.
std::uint16_t CommonConfig::shown_size(std::uint16_t size) const {
    const bool may_show =
        features_.accepted().has(spec::kFeatureRingPacked) || is_power_of_two(size);
    return may_show ? size : std::uint16_t{0};
}

std::uint64_t CommonConfig::read_queue_field(std::uint64_t offset) {
    const QueueRegisters* const queue = selected();
    if (queue == nullptr) {
        return 0;
    }
    switch (offset) {
        case spec::kCommonQueueSize: return shown_size(queue->config.size);
        case spec::kCommonQueueMsixVector: return queue->vector;
        case spec::kCommonQueueEnable: return queue->enabled ? 1 : 0;
        case spec::kCommonQueueReset: return queue->resetting ? 1 : 0;
        case spec::kCommonQueueNotifyOff: return queue_select_;
        case spec::kCommonQueueDescriptorTable: return queue->config.descriptor_area.value();
        case spec::kCommonQueueAvailableRing: return queue->config.driver_area.value();
        case spec::kCommonQueueUsedRing: return queue->config.device_area.value();
        default: return 0;
    }
}

void CommonConfig::write(IoAccess access, std::uint64_t value) {
    owner_.before_access();
    const Field* const field = field_at(access.offset);
    if (resetting_ || field == nullptr) {
        return;
    }
    const bool is_reset = access.offset == spec::kCommonDeviceStatus && value == 0;
    if (!is_reset) {
        if (is_legacy()) {
            return;
        }
        interface_ = DriverInterface::Modern;
    }
    if (field->width == 8) {
        write_address(access, value);
    } else if (access.offset == field->offset && access.width == field->width) {
        write_field(access.offset, value & all_ones(access.width));
    }
}

void CommonConfig::write_field(std::uint64_t offset, std::uint64_t value) {
    switch (offset) {
        case spec::kCommonDeviceFeatureSelect:
            device_feature_select_ = static_cast<std::uint32_t>(value);
            break;
        case spec::kCommonDriverFeatureSelect:
            driver_feature_select_ = static_cast<std::uint32_t>(value);
            break;
        case spec::kCommonDriverFeature:
            features_.write_accepted(driver_feature_select_, static_cast<std::uint32_t>(value));
            break;
        case spec::kCommonConfigMsixVector: write_config_vector(value); break;
        case spec::kCommonDeviceStatus: write_status(static_cast<std::uint8_t>(value)); break;
        case spec::kCommonQueueSelect: queue_select_ = static_cast<std::uint16_t>(value); break;
        default: write_queue_field(offset, value); break;
    }
}

void CommonConfig::write_queue_field(std::uint64_t offset, std::uint64_t value) {
    QueueRegisters* const queue = selected_queue();
    if (queue == nullptr) {
        return;
    }
    if (offset == spec::kCommonQueueMsixVector) {
        write_queue_vector(value);
        return;
    }
    if (offset == spec::kCommonQueueReset) {
        write_queue_reset(*queue, value);
    } else if (is_frozen(*queue)) {
        return;
    } else if (offset == spec::kCommonQueueSize) {
        queue->config.size = static_cast<std::uint16_t>(value);
    } else if (offset == spec::kCommonQueueEnable) {
        write_queue_enable(*queue, value);
    }
}

bool CommonConfig::is_frozen(const QueueRegisters& queue) const {
    return queue.enabled || (began_ && !queue.was_reset);
}

void CommonConfig::write_queue_enable(QueueRegisters& queue, std::uint64_t value) {
    // §4.1.4.3.2: a driver writes nothing but 1. What it enables is proved now and again at
    // DRIVER_OK; a refusal reads back as 0.
    if (value != 1 || !owner_.is_valid_queue(queue.config, queue.size_max)) {
        return;
    }
    // §2.6.1.2: after a reset of the queue alone, with the configuration that it has now.
    if (!began_ || owner_.on_queue_enabled_again(queue_select_)) {
        queue.enabled = true;
        queue.was_reset = false;
    }
}

void CommonConfig::write_queue_reset(QueueRegisters& queue, std::uint64_t value) {
    // §4.1.4.3: the field exists only when the feature was negotiated.
    if (value != 1 || queue.resetting || !features_.offered().has(spec::kFeatureRingReset) ||
        !features_.accepted().has(spec::kFeatureRingReset)) {
        return;
    }
    if (began_ && queue.enabled) {
        queue.resetting = true;
        owner_.on_queue_reset_requested(queue_select_, DriverInterface::Modern);
    } else {
        finish_queue_reset(queue_select_);
    }
}

// §4.1.3.1: 64-bit fields are written in two halves; a whole one is taken, too.
void CommonConfig::write_address(IoAccess access, std::uint64_t value) {
    QueueRegisters* const queue = selected_queue();
    if (queue == nullptr || is_frozen(*queue)) {
        return;
    }
    const std::uint64_t start = align_down(access.offset, 8);
    GuestAddress& address = start == spec::kCommonQueueDescriptorTable
                                ? queue->config.descriptor_area
                            : start == spec::kCommonQueueAvailableRing ? queue->config.driver_area
                                                                       : queue->config.device_area;
    const bool is_half = access.width == 4 && is_aligned(access.offset, 4);
    if (!is_half && !(access.width == 8 && access.offset == start)) {
        return;
    }
    const std::uint64_t shift = (access.offset - start) * 8;
    const std::uint64_t mask = all_ones(access.width) << shift;
    address = GuestAddress{(address.value() & ~mask) | ((value << shift) & mask)};
}

void CommonConfig::write_status(std::uint8_t value) {
    const bool acceptable = features_.is_acceptable() && device_.accepts(features_.accepted());
    const DeviceStatus::Effect effect = status_.write(value, acceptable);
    if (effect.reset) {
        owner_.on_reset_requested(DriverInterface::Modern);
        return;
    }
    if (effect.features_ok) {
        features_.freeze();
        owner_.on_features_ok(features_.accepted());
    }
    if (effect.driver_ok) {
        began_ = true;
        owner_.on_driver_ok();
    }
}

void CommonConfig::write_config_vector(std::uint64_t value) {
    config_vector_ = vector_or_none(value);
    owner_.on_vectors_changed();
}

void CommonConfig::write_queue_vector(std::uint64_t value) {
    if (QueueRegisters* const queue = selected_queue()) {
        queue->vector = vector_or_none(value);
        owner_.on_vectors_changed();
    }
}

bool CommonConfig::claim_legacy() {
    if (resetting_ || interface_ == DriverInterface::Modern) {
        return false;
    }
    interface_ = DriverInterface::Legacy;
    return true;
}

std::uint32_t CommonConfig::legacy_offered() const {
    // §6.3: any layout of buffers was taken all along.
    return features_.read_offered(0) | std::uint32_t{1} << spec::kFeatureAnyLayout;
}

void CommonConfig::accept_legacy(std::uint32_t features) {
    // There is no FEATURES_OK by which to refuse what was not offered.
    features_.write_accepted(0, features & legacy_offered());
}

void CommonConfig::write_legacy_queue(std::uint32_t page) {
    QueueRegisters* const queue = selected_queue();
    if (queue == nullptr || queue->resetting) {
        return;
    }
    if (page == 0) {
        release_legacy_queue(*queue);
        return;
    }
    const QueueConfig config = legacy_queue(page, queue->size_max);
    if (queue->enabled || !owner_.is_valid_queue(config, queue->size_max)) {
        return;
    }
    queue->config = config;
    if (!began_ || owner_.on_queue_enabled_again(queue_select_)) {
        queue->enabled = true;
        queue->was_reset = false;
    }
}

void CommonConfig::release_legacy_queue(QueueRegisters& queue) {
    if (!began_ || !queue.enabled) {
        finish_queue_reset(queue_select_);
    } else if (device_.can_reset_queues()) {
        queue.resetting = true;
        owner_.on_queue_reset_requested(queue_select_, DriverInterface::Legacy);
    } else {
        owner_.on_reset_requested(DriverInterface::Legacy);
    }
}

void CommonConfig::write_legacy_status(std::uint8_t value) {
    if (value == 0) {
        owner_.on_reset_requested(DriverInterface::Legacy);
        return;
    }
    if (!claim_legacy()) {
        return;
    }
    const DeviceStatus::Effect effect = status_.write_legacy(value);
    if (effect.driver) {
        owner_.on_legacy_driver();
    }
    if (effect.driver_ok) {
        begin_legacy();
    }
}

void CommonConfig::begin_legacy() {
    if (!began_) {
        began_ = true;
        features_.freeze();
        owner_.on_features_ok(features_.accepted());
        owner_.on_driver_ok();
    }
}

// §4.1.5.1.2.1: a vector the device cannot map reads back as NO_VECTOR.
std::uint16_t CommonConfig::vector_or_none(std::uint64_t value) {
    const auto vector = static_cast<std::uint16_t>(value);
    return vector != spec::kNoVector && owner_.is_usable_vector(vector) ? vector : spec::kNoVector;
}

}  // namespace siskin
