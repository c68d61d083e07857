// SPDX-License-Identifier: Apache-2.0
// What virtio 1.2 says and nothing else: numbers and layouts common to every device and queue.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/endian.h"

namespace siskin::virtio_spec {

// §5: device identifiers.
inline constexpr std::uint16_t kDeviceIdNetwork = 1;
inline constexpr std::uint16_t kDeviceIdBlock = 2;
inline constexpr std::uint16_t kDeviceIdConsole = 3;
inline constexpr std::uint16_t kDeviceIdEntropy = 4;
inline constexpr std::uint16_t kDeviceIdScsi = 8;

// §2.1: bits of the device status field.
inline constexpr std::uint8_t kStatusAcknowledge = 1;
inline constexpr std::uint8_t kStatusDriver = 2;
inline constexpr std::uint8_t kStatusDriverOk = 4;
inline constexpr std::uint8_t kStatusFeaturesOk = 8;
inline constexpr std::uint8_t kStatusNeedsReset = 64;
inline constexpr std::uint8_t kStatusFailed = 128;

// §6: reserved feature bits, by number.
inline constexpr unsigned kFeatureAnyLayout = 27;  // §6.3: of the legacy interface alone
inline constexpr unsigned kFeatureRingIndirectDesc = 28;
inline constexpr unsigned kFeatureRingEventIdx = 29;
inline constexpr unsigned kFeatureVersion1 = 32;
inline constexpr unsigned kFeatureAccessPlatform = 33;
inline constexpr unsigned kFeatureRingPacked = 34;
inline constexpr unsigned kFeatureInOrder = 35;
inline constexpr unsigned kFeatureNotificationData = 38;
inline constexpr unsigned kFeatureRingReset = 40;

// §2.7: the longest queue, and the alignment of its three parts in bytes.
inline constexpr std::uint16_t kQueueSizeMax = 32768;
inline constexpr std::uint64_t kDescriptorTableAlignment = 16;
inline constexpr std::uint64_t kAvailableRingAlignment = 2;
inline constexpr std::uint64_t kUsedRingAlignment = 4;

// §2.7.5: descriptor flags.
inline constexpr std::uint16_t kDescriptorNext = 1;
inline constexpr std::uint16_t kDescriptorWrite = 2;
inline constexpr std::uint16_t kDescriptorIndirect = 4;

struct Descriptor {  // §2.7.5
    le64 address;    //  0  guest-physical
    le32 length;     //  8  bytes
    le16 flags;      // 12  kDescriptor*
    le16 next;       // 14  when kDescriptorNext is set
};
static_assert(sizeof(Descriptor) == 16 && alignof(Descriptor) == 8);
static_assert(offsetof(Descriptor, length) == 8 && offsetof(Descriptor, next) == 14);

struct UsedElement {  // §2.7.8
    le32 id;          //  0  head of the finished chain
    le32 length;      //  4  bytes the device wrote, not the buffer's size
};
static_assert(sizeof(UsedElement) == 8 && alignof(UsedElement) == 4);

// §2.7.6 and §2.7.8: both rings begin with flags and idx; their event field follows the entries.
inline constexpr std::size_t kRingFlagsOffset = 0;
inline constexpr std::size_t kRingIndexOffset = 2;
inline constexpr std::size_t kRingEntriesOffset = 4;
inline constexpr std::uint16_t kAvailableNoInterrupt = 1;  // available ring's flags
inline constexpr std::uint16_t kUsedNoNotify = 1;          // used ring's flags

// §2.8.10.1: alignment of the event suppression structures in bytes; that of the descriptor ring is
// kDescriptorTableAlignment.
inline constexpr std::uint64_t kEventSuppressionAlignment = 4;

// §2.8.1: flags of a packed descriptor, beside kDescriptor*.
inline constexpr std::uint16_t kPackedAvailable = 1U << 7;
inline constexpr std::uint16_t kPackedUsed = 1U << 15;

struct PackedDescriptor {  // §2.8.13
    le64 address;          //  0  guest-physical
    le32 length;           //  8  bytes
    le16 id;               // 12  the buffer's, in the last descriptor of a list
    le16 flags;            // 14  kDescriptor*, kPacked*
};
static_assert(sizeof(PackedDescriptor) == 16 && alignof(PackedDescriptor) == 8);
static_assert(offsetof(PackedDescriptor, id) == 12 && offsetof(PackedDescriptor, flags) == 14);

// §2.8.14: an event suppression structure, seen as one le32.
inline constexpr std::uint32_t kEventOffsetMask = 0x7fff;
inline constexpr unsigned kEventWrapShift = 15;
inline constexpr unsigned kEventFlagsShift = 16;
inline constexpr std::uint32_t kEventFlagsMask = 3;
inline constexpr std::uint32_t kEventEnable = 0;
inline constexpr std::uint32_t kEventDisable = 1;
inline constexpr std::uint32_t kEventDescriptor = 2;  // with VIRTIO_F_EVENT_IDX alone

// §4.1.2: how a modern device looks on the PCI bus.
inline constexpr std::uint16_t kPciVendorId = 0x1af4;
inline constexpr std::uint16_t kPciDeviceIdBase = 0x1040;  // plus the virtio device identifier
inline constexpr std::uint8_t kPciRevision = 1;

// §4.1.2.3: how one with a legacy interface looks; its subsystem is the virtio device identifier.
inline constexpr std::uint8_t kPciTransitionalRevision = 0;

// §4.1.4: cfg_type of the vendor-specific capabilities.
inline constexpr std::uint8_t kCapabilityCommon = 1;
inline constexpr std::uint8_t kCapabilityNotify = 2;
inline constexpr std::uint8_t kCapabilityIsr = 3;
inline constexpr std::uint8_t kCapabilityDevice = 4;
inline constexpr std::uint8_t kCapabilityPciCfg = 5;

// §4.1.4: offsets inside such a capability, and the sizes of its three kinds.
inline constexpr std::size_t kCapabilityLengthOffset = 2;
inline constexpr std::size_t kCapabilityTypeOffset = 3;
inline constexpr std::size_t kCapabilityBarOffset = 4;
inline constexpr std::size_t kCapabilityIdOffset = 5;
inline constexpr std::size_t kCapabilityRegionOffset = 8;
inline constexpr std::size_t kCapabilityRegionLength = 12;
inline constexpr std::size_t kCapabilityExtra = 16;  // notify_off_multiplier, pci_cfg_data
inline constexpr std::uint8_t kCapabilitySize = 16;
inline constexpr std::uint8_t kCapabilityExtendedSize = 20;

// §4.1.4.3: registers of the common configuration structure, by offset.
inline constexpr std::uint64_t kCommonDeviceFeatureSelect = 0;    // le32
inline constexpr std::uint64_t kCommonDeviceFeature = 4;          // le32, read-only
inline constexpr std::uint64_t kCommonDriverFeatureSelect = 8;    // le32
inline constexpr std::uint64_t kCommonDriverFeature = 12;         // le32
inline constexpr std::uint64_t kCommonConfigMsixVector = 16;      // le16
inline constexpr std::uint64_t kCommonNumQueues = 18;             // le16, read-only
inline constexpr std::uint64_t kCommonDeviceStatus = 20;          // u8
inline constexpr std::uint64_t kCommonConfigGeneration = 21;      // u8, read-only
inline constexpr std::uint64_t kCommonQueueSelect = 22;           // le16
inline constexpr std::uint64_t kCommonQueueSize = 24;             // le16
inline constexpr std::uint64_t kCommonQueueMsixVector = 26;       // le16
inline constexpr std::uint64_t kCommonQueueEnable = 28;           // le16
inline constexpr std::uint64_t kCommonQueueNotifyOff = 30;        // le16, read-only
inline constexpr std::uint64_t kCommonQueueDescriptorTable = 32;  // le64
inline constexpr std::uint64_t kCommonQueueAvailableRing = 40;    // le64
inline constexpr std::uint64_t kCommonQueueUsedRing = 48;         // le64
inline constexpr std::uint64_t kCommonQueueNotifyData = 56;       // le16, read-only
inline constexpr std::uint64_t kCommonQueueReset = 58;            // le16
inline constexpr std::uint64_t kCommonSize = 60;

// §4.1.4.10: the legacy configuration structure, by offset.
inline constexpr std::uint64_t kLegacyDeviceFeatures = 0;  // le32, read-only
inline constexpr std::uint64_t kLegacyDriverFeatures = 4;  // le32
inline constexpr std::uint64_t kLegacyQueueAddress = 8;    // le32, in pages of 4096 bytes
inline constexpr std::uint64_t kLegacyQueueSize = 12;      // le16, read-only
inline constexpr std::uint64_t kLegacyQueueSelect = 14;    // le16
inline constexpr std::uint64_t kLegacyQueueNotify = 16;    // le16
inline constexpr std::uint64_t kLegacyDeviceStatus = 18;   // u8
inline constexpr std::uint64_t kLegacyIsrStatus = 19;      // u8, read-only
inline constexpr std::uint64_t kLegacyHeaderSize = 20;     // without MSI-X; with it two more follow
inline constexpr std::uint64_t kLegacyConfigMsixVector = 20;  // le16
inline constexpr std::uint64_t kLegacyQueueMsixVector = 22;   // le16
inline constexpr std::uint64_t kLegacyMsixHeaderSize = 24;

// §4.1.5.1.3.1: what a legacy queue's address counts, and the alignment of its used ring, in bytes.
inline constexpr std::uint64_t kLegacyQueueAlignment = 4096;

// §4.1.4.3 and §4.1.5.1.2: "no vector".
inline constexpr std::uint16_t kNoVector = 0xffff;

// §4.1.4.5: bits of the ISR status byte.
inline constexpr std::uint8_t kIsrQueue = 1;
inline constexpr std::uint8_t kIsrConfiguration = 2;

}  // namespace siskin::virtio_spec
