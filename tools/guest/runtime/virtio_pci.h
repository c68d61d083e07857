// SPDX-License-Identifier: Apache-2.0
// The driver's side of virtio over modern PCI (virtio 1.2 §4.1).
#pragma once

#include <cstdint>

#include "tools/guest/runtime/pci.h"
#include "tools/guest/runtime/virtqueue.h"

namespace siskin::guest {

// Device status bits (§2.1).
inline constexpr std::uint8_t kStatusAcknowledge = 1;
inline constexpr std::uint8_t kStatusDriver = 2;
inline constexpr std::uint8_t kStatusDriverOk = 4;
inline constexpr std::uint8_t kStatusFeaturesOk = 8;
inline constexpr std::uint8_t kStatusNeedsReset = 64;

// Feature bits (§6).
inline constexpr std::uint64_t kFeatureIndirect = 1ULL << 28;
inline constexpr std::uint64_t kFeatureEventIndex = 1ULL << 29;
inline constexpr std::uint64_t kFeatureVersion1 = 1ULL << 32;

inline constexpr std::uint16_t kNoVector = 0xffff;

// Offsets of the common configuration structure (§4.1.4.3).
inline constexpr std::uint16_t kCommonDeviceFeatureSelect = 0;
inline constexpr std::uint16_t kCommonDeviceFeature = 4;
inline constexpr std::uint16_t kCommonDriverFeatureSelect = 8;
inline constexpr std::uint16_t kCommonDriverFeature = 12;
inline constexpr std::uint16_t kCommonConfigVector = 16;
inline constexpr std::uint16_t kCommonQueueCount = 18;
inline constexpr std::uint16_t kCommonStatus = 20;
inline constexpr std::uint16_t kCommonGeneration = 21;
inline constexpr std::uint16_t kCommonQueueSelect = 22;
inline constexpr std::uint16_t kCommonQueueSize = 24;
inline constexpr std::uint16_t kCommonQueueVector = 26;
inline constexpr std::uint16_t kCommonQueueEnable = 28;
inline constexpr std::uint16_t kCommonQueueNotifyOffset = 30;
inline constexpr std::uint16_t kCommonQueueDescriptors = 32;
inline constexpr std::uint16_t kCommonQueueDriver = 40;
inline constexpr std::uint16_t kCommonQueueDevice = 48;

class VirtioPci {
public:
    // Finds the four structures by their capabilities, maps them, enables memory and bus mastering.
    // False where one is missing.
    [[nodiscard]] bool open(Bdf bdf);
    [[nodiscard]] Bdf bdf() const { return bdf_; }

    // Writes 0 and waits until the device says 0 (§4.1.4.3.1).
    [[nodiscard]] bool reset();
    [[nodiscard]] std::uint8_t status() const { return read8(kCommonStatus); }
    void add_status(std::uint8_t bits);
    [[nodiscard]] std::uint64_t device_features() const;
    // Up to FEATURES_OK; false when the device refuses.
    [[nodiscard]] bool negotiate(std::uint64_t wanted);
    [[nodiscard]] std::uint16_t queue_count() const { return read16(kCommonQueueCount); }
    // Selects it, sets the ring up with at most `size` entries, tells the device, enables it.
    // False where the queue does not exist or does not become enabled.
    [[nodiscard]] bool start_queue(std::uint16_t index, std::uint16_t size,
                                   Virtqueue::Options options, std::uint16_t vector,
                                   Virtqueue& queue);
    void notify(std::uint16_t index) const;
    // Where a queue of that notify offset is told of.
    [[nodiscard]] std::uint64_t notify_place(std::uint16_t offset) const {
        return notify_ + std::uint64_t{offset} * notify_multiplier_;
    }
    // Reading clears (§4.1.4.5).
    [[nodiscard]] std::uint8_t read_interrupt_status() const;

    [[nodiscard]] std::uint64_t common() const { return common_; }
    [[nodiscard]] std::uint64_t device_config() const { return device_; }
    [[nodiscard]] std::uint64_t notify_region() const { return notify_; }
    [[nodiscard]] std::uint64_t interrupt_status() const { return interrupt_status_; }

    [[nodiscard]] std::uint8_t read8(std::uint16_t offset) const;
    [[nodiscard]] std::uint16_t read16(std::uint16_t offset) const;
    [[nodiscard]] std::uint32_t read32(std::uint16_t offset) const;
    void write8(std::uint16_t offset, std::uint8_t value) const;
    void write16(std::uint16_t offset, std::uint16_t value) const;
    void write32(std::uint16_t offset, std::uint32_t value) const;
    void write64(std::uint16_t offset, std::uint64_t value) const;

private:
    static constexpr unsigned kQueuesMax = 64;

    Bdf bdf_;
    std::uint64_t common_ = 0;
    std::uint64_t notify_ = 0;
    std::uint64_t interrupt_status_ = 0;
    std::uint64_t device_ = 0;
    std::uint32_t notify_multiplier_ = 0;
    std::uint16_t notify_offsets_[kQueuesMax] = {};
};

}  // namespace siskin::guest
