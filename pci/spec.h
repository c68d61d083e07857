// SPDX-License-Identifier: Apache-2.0
// Offsets, bits and numbers of configuration space, as the PCI specifications give them.
#pragma once

#include <cstdint>

namespace siskin::pci_spec {

inline constexpr std::uint16_t kConventionalSize = 0x100;  // PCI Local Bus 3.0 §6.1
inline constexpr std::uint16_t kExpressSize = 0x1000;      // PCIe 5.0 §7.2

// Common header, PCIe 5.0 §7.5.1.1.
inline constexpr std::uint16_t kVendorId = 0x00;
inline constexpr std::uint16_t kDeviceId = 0x02;
inline constexpr std::uint16_t kCommand = 0x04;
inline constexpr std::uint16_t kStatus = 0x06;
inline constexpr std::uint16_t kRevision = 0x08;
inline constexpr std::uint16_t kClassCode = 0x09;  // 3 bytes
inline constexpr std::uint16_t kCacheLineSize = 0x0c;
inline constexpr std::uint16_t kHeaderType = 0x0e;
inline constexpr std::uint16_t kBar0 = 0x10;
inline constexpr std::uint16_t kCapabilityPointer = 0x34;
inline constexpr std::uint16_t kInterruptLine = 0x3c;
inline constexpr std::uint16_t kInterruptPin = 0x3d;
inline constexpr std::uint16_t kFirstFreeOffset = 0x40;

inline constexpr std::uint16_t kCommandIo = 0x0001;
inline constexpr std::uint16_t kCommandMemory = 0x0002;
inline constexpr std::uint16_t kCommandBusMaster = 0x0004;
inline constexpr std::uint16_t kCommandSerr = 0x0100;
inline constexpr std::uint16_t kCommandIntxDisable = 0x0400;

inline constexpr std::uint16_t kStatusInterrupt = 0x0008;
inline constexpr std::uint16_t kStatusCapabilities = 0x0010;
inline constexpr std::uint16_t kStatusErrors = 0xf900;  // write 1 to clear

inline constexpr std::uint8_t kHeaderMultifunction = 0x80;

// Type 0 header, PCIe 5.0 §7.5.1.2.
inline constexpr std::uint16_t kSubsystemVendorId = 0x2c;
inline constexpr std::uint16_t kSubsystemId = 0x2e;
inline constexpr std::uint16_t kRomBar = 0x30;

// Base address registers, PCIe 5.0 §7.5.1.2.1.
inline constexpr std::uint32_t kBarIo = 0x1;
inline constexpr std::uint32_t kBarMemory64 = 0x4;
inline constexpr std::uint32_t kBarPrefetchable = 0x8;

// Type 1 header, PCIe 5.0 §7.5.1.3; PCI-to-PCI Bridge 1.2 §3.2.5.
inline constexpr std::uint16_t kPrimaryBus = 0x18;
inline constexpr std::uint16_t kSecondaryBus = 0x19;
inline constexpr std::uint16_t kSubordinateBus = 0x1a;
inline constexpr std::uint16_t kIoBase = 0x1c;
inline constexpr std::uint16_t kIoLimit = 0x1d;
inline constexpr std::uint16_t kSecondaryStatus = 0x1e;
inline constexpr std::uint16_t kMemoryBase = 0x20;
inline constexpr std::uint16_t kMemoryLimit = 0x22;
inline constexpr std::uint16_t kPrefetchableBase = 0x24;
inline constexpr std::uint16_t kPrefetchableLimit = 0x26;
inline constexpr std::uint16_t kPrefetchableBaseUpper = 0x28;
inline constexpr std::uint16_t kPrefetchableLimitUpper = 0x2c;
inline constexpr std::uint16_t kBridgeControl = 0x3e;

inline constexpr std::uint16_t kWindow64 = 0x1;  // low nibble of the prefetchable registers

inline constexpr std::uint16_t kBridgeControlParity = 0x0001;
inline constexpr std::uint16_t kBridgeControlSerr = 0x0002;
inline constexpr std::uint16_t kBridgeControlIsa = 0x0004;
inline constexpr std::uint16_t kBridgeControlVga = 0x0008;
inline constexpr std::uint16_t kBridgeControlVga16Bit = 0x0010;
inline constexpr std::uint16_t kBridgeControlReset = 0x0040;

// Capability ids, PCI Code and ID Assignment 1.11.
inline constexpr std::uint8_t kCapabilityPowerManagement = 0x01;
inline constexpr std::uint8_t kCapabilityVendor = 0x09;
inline constexpr std::uint8_t kCapabilityExpress = 0x10;
inline constexpr std::uint8_t kCapabilityMsix = 0x11;

// Power management capability, PCIe 5.0 §7.5.2.
inline constexpr std::uint8_t kPowerSize = 8;
inline constexpr std::uint16_t kPowerCapabilities = 0x02;
inline constexpr std::uint16_t kPowerControl = 0x04;
inline constexpr std::uint16_t kPowerVersion3 = 0x0003;
inline constexpr std::uint16_t kPowerNoSoftReset = 0x0008;
inline constexpr std::uint16_t kPowerStateMask = 0x0003;

// MSI-X capability and table, PCIe 5.0 §7.7.2.
inline constexpr std::uint8_t kMsixSize = 12;
inline constexpr std::uint16_t kMsixControl = 0x02;
inline constexpr std::uint16_t kMsixTable = 0x04;
inline constexpr std::uint16_t kMsixPendingBits = 0x08;
inline constexpr std::uint16_t kMsixEnable = 0x8000;
inline constexpr std::uint16_t kMsixFunctionMask = 0x4000;
inline constexpr unsigned kMsixVectorMax = 2048;
inline constexpr unsigned kMsixEntrySize = 16;
inline constexpr unsigned kMsixEntryAddress = 0;
inline constexpr unsigned kMsixEntryData = 8;
inline constexpr unsigned kMsixEntryControl = 12;
inline constexpr std::uint32_t kMsixEntryMasked = 0x1;

// PCI Express capability, PCIe 5.0 §7.5.3.
inline constexpr std::uint8_t kExpressCapabilitySize = 0x3c;
inline constexpr std::uint16_t kExpressFlags = 0x02;
inline constexpr std::uint16_t kExpressDeviceCapabilities = 0x04;
inline constexpr std::uint16_t kExpressDeviceControl = 0x08;
inline constexpr std::uint16_t kExpressDeviceStatus = 0x0a;
inline constexpr std::uint16_t kExpressTransactionsPending = 0x0020;
inline constexpr std::uint16_t kExpressLinkCapabilities = 0x0c;
inline constexpr std::uint16_t kExpressLinkControl = 0x10;
inline constexpr std::uint16_t kExpressLinkStatus = 0x12;
inline constexpr std::uint16_t kExpressSlotCapabilities = 0x14;
inline constexpr std::uint16_t kExpressSlotControl = 0x18;
inline constexpr std::uint16_t kExpressSlotStatus = 0x1a;
inline constexpr std::uint16_t kExpressRootControl = 0x1c;
inline constexpr std::uint16_t kExpressLinkCapabilities2 = 0x2c;
inline constexpr std::uint16_t kExpressLinkControl2 = 0x30;

inline constexpr std::uint16_t kExpressVersion2 = 0x0002;
inline constexpr std::uint16_t kExpressSlotImplemented = 0x0100;
inline constexpr std::uint32_t kExpressRoleBasedErrors = 0x00008000;
inline constexpr std::uint32_t kExpressFlrCapable = 0x10000000;
inline constexpr std::uint16_t kExpressInitiateFlr = 0x8000;
inline constexpr std::uint32_t kExpressLinkActiveReporting = 0x00100000;
inline constexpr std::uint16_t kExpressLinkActive = 0x2000;
inline constexpr std::uint16_t kExpressPresenceDetected = 0x0040;

// Class codes, PCI Code and ID Assignment 1.11.
inline constexpr std::uint32_t kClassHostBridge = 0x060000;
inline constexpr std::uint32_t kClassPciBridge = 0x060400;

}  // namespace siskin::pci_spec
