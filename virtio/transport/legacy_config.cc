// SPDX-License-Identifier: Apache-2.0
// LegacyConfig.
#include "virtio/transport/legacy_config.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/bits.h"
#include "virtio/spec.h"

namespace siskin {
namespace {

namespace spec = virtio_spec;

struct Register {
    std::uint64_t offset;
    unsigned width;  // bytes
};

constexpr std::array kRegisters{
    Register{spec::kLegacyDeviceFeatures, 4},   Register{spec::kLegacyDriverFeatures, 4},
    Register{spec::kLegacyQueueAddress, 4},     Register{spec::kLegacyQueueSize, 2},
    Register{spec::kLegacyQueueSelect, 2},      Register{spec::kLegacyQueueNotify, 2},
    Register{spec::kLegacyDeviceStatus, 1},     Register{spec::kLegacyIsrStatus, 1},
    Register{spec::kLegacyConfigMsixVector, 2}, Register{spec::kLegacyQueueMsixVector, 2},
};

// That holds the byte at `offset`, which is inside the header.
const Register& register_at(std::uint64_t offset) {
    return *std::find_if(kRegisters.begin(), kRegisters.end(),
                         [&](const Register& one) { return offset - one.offset < one.width; });
}

}  // namespace

std::uint64_t LegacyConfig::bar_size(const VirtioDevice& device, bool has_msix) {
    const std::uint64_t header = has_msix ? spec::kLegacyMsixHeaderSize : spec::kLegacyHeaderSize;
    return std::bit_ceil(header + device.config_size());
}

LegacyConfig::LegacyConfig(VirtioDevice& device, CommonConfig& common, IsrStatus& isr,
                           NotifyRegion& notify, std::function<void()> before_access,
                           std::function<bool()> msix_enabled)
    : device_(device),
      common_(common),
      isr_(isr),
      notify_(notify),
      before_access_(std::move(before_access)),
      msix_enabled_(std::move(msix_enabled)) {}

// "Once you enable MSI-X on the device, the other fields move" (§4.1.4.10).
std::uint64_t LegacyConfig::header_size() const {
    return msix_enabled_() ? spec::kLegacyMsixHeaderSize : spec::kLegacyHeaderSize;
}

std::uint64_t LegacyConfig::read(IoAccess access) {
    before_access_();
    const std::uint64_t header = header_size();
    if (access.offset >= header) {
        return device_.read_config(access.offset - header, access.width);
    }
    std::uint64_t value = 0;
    for (unsigned index = 0; index < access.width && index < 8; ++index) {
        const std::uint64_t offset = access.offset + index;
        std::uint64_t byte = 0;
        if (offset >= header) {
            byte = device_.read_config(offset - header, 1);
        } else {
            const Register& one = register_at(offset);
            byte = read_register(one.offset) >> ((offset - one.offset) * 8);
        }
        value |= (byte & 0xff) << (index * 8);
    }
    return value;
}

std::uint64_t LegacyConfig::read_register(std::uint64_t offset) {
    const QueueRegisters* const queue = common_.selected();
    switch (offset) {
        case spec::kLegacyDeviceFeatures: return common_.legacy_offered();
        case spec::kLegacyDriverFeatures:
            return static_cast<std::uint32_t>(common_.accepted().bits());
        case spec::kLegacyQueueAddress:
            // A modern driver's queue may be anywhere; what does not fit tells no more than that.
            return queue != nullptr && queue->enabled
                       ? queue->config.descriptor_area.value() / spec::kLegacyQueueAlignment
                       : 0;
        case spec::kLegacyQueueSize: return queue != nullptr ? queue->size_max : 0;
        case spec::kLegacyQueueSelect: return common_.queue_select();
        case spec::kLegacyDeviceStatus: return common_.legacy_status();
        case spec::kLegacyIsrStatus: return isr_.read(IoAccess{0, 1});
        case spec::kLegacyConfigMsixVector: return common_.config_vector();
        case spec::kLegacyQueueMsixVector:
            return queue != nullptr ? queue->vector : spec::kNoVector;
        default: return 0;  // Queue Notify
    }
}

void LegacyConfig::write(IoAccess access, std::uint64_t value) {
    before_access_();
    const std::uint64_t header = header_size();
    if (access.offset < header) {
        const Register& one = register_at(access.offset);
        if (access.offset == one.offset && access.width == one.width) {
            write_register(access.offset, value & all_ones(access.width));
        }
        return;
    }
    if (!common_.claim_legacy()) {
        return;
    }
    for (unsigned index = 0; index < access.width && index < 8; ++index) {
        device_.write_legacy_config(access.offset - header + index, value >> (index * 8) & 0xff);
    }
}

void LegacyConfig::write_register(std::uint64_t offset, std::uint64_t value) {
    if (offset == spec::kLegacyDeviceStatus) {
        common_.write_legacy_status(static_cast<std::uint8_t>(value));
        return;
    }
    if (!common_.claim_legacy()) {
        return;
    }
    switch (offset) {
        case spec::kLegacyDriverFeatures:
            common_.accept_legacy(static_cast<std::uint32_t>(value));
            break;
        case spec::kLegacyQueueAddress:
            common_.write_legacy_queue(static_cast<std::uint32_t>(value));
            break;
        case spec::kLegacyQueueSelect:
            common_.select_queue(static_cast<std::uint16_t>(value));
            break;
        case spec::kLegacyQueueNotify: notify(value); break;
        case spec::kLegacyConfigMsixVector: common_.write_config_vector(value); break;
        case spec::kLegacyQueueMsixVector: common_.write_queue_vector(value); break;
        default: break;  // read-only
    }
}

void LegacyConfig::notify(std::uint64_t queue) {
    if (queue >= common_.queues().size() || !common_.queues()[queue].enabled) {
        return;
    }
    // §3.1.2: old drivers use the device before they say DRIVER_OK. A failed one does not.
    if ((common_.legacy_status() & spec::kStatusFailed) == 0) {
        common_.begin_legacy();
    }
    notify_.ring(queue);
}

}  // namespace siskin
