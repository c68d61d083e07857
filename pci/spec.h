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
inline constexpr std::uint16_t kStatus66MHz = 0x0020;        // conventional PCI
inline constexpr std::uint16_t kStatusFastBack = 0x0080;     // conventional PCI
inline constexpr std::uint16_t kStatusSystemError = 0x4000;  // signalled; received on the secondary
inline constexpr std::uint16_t kStatusErrors = 0xf900;       // write 1 to clear

inline constexpr std::uint8_t kHeaderMultifunction = 0x80;

// Type 0 header, PCIe 5.0 §7.5.1.2.
inline constexpr std::uint16_t kSubsystemVendorId = 0x2c;
inline constexpr std::uint16_t kSubsystemId = 0x2e;
inline constexpr std::uint16_t kRomBar = 0x30;
inline constexpr std::uint32_t kRomEnable = 0x1;

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
inline constexpr std::uint16_t kBridgeRomBar = 0x38;
inline constexpr std::uint16_t kBridgeControl = 0x3e;

inline constexpr std::uint16_t kWindow64 = 0x1;  // low nibble of the prefetchable registers

inline constexpr std::uint16_t kBridgeControlParity = 0x0001;
inline constexpr std::uint16_t kBridgeControlSerr = 0x0002;
inline constexpr std::uint16_t kBridgeControlIsa = 0x0004;
inline constexpr std::uint16_t kBridgeControlVga = 0x0008;
inline constexpr std::uint16_t kBridgeControlVga16Bit = 0x0010;
inline constexpr std::uint16_t kBridgeControlReset = 0x0040;
// Master abort mode, fast back-to-back, discard timers and their enable: conventional bridges.
inline constexpr std::uint16_t kBridgeControlConventional = 0x0ba0;
inline constexpr std::uint16_t kBridgeControlDiscardStatus = 0x0400;  // write 1 to clear

// Capability ids, PCI Code and ID Assignment 1.11.
inline constexpr std::uint8_t kCapabilityPowerManagement = 0x01;
inline constexpr std::uint8_t kCapabilitySlotId = 0x04;
inline constexpr std::uint8_t kCapabilityMsi = 0x05;
inline constexpr std::uint8_t kCapabilityVendor = 0x09;
inline constexpr std::uint8_t kCapabilitySubsystem = 0x0d;
inline constexpr std::uint8_t kCapabilityExpress = 0x10;
inline constexpr std::uint8_t kCapabilityMsix = 0x11;

// Extended capability ids, the same document.
inline constexpr std::uint16_t kExtendedAer = 0x0001;
inline constexpr std::uint16_t kExtendedSerialNumber = 0x0003;
inline constexpr std::uint16_t kExtendedAcs = 0x000d;
inline constexpr std::uint16_t kExtendedAri = 0x000e;
inline constexpr std::uint16_t kExtendedAts = 0x000f;

// ARI, PCIe 5.0 §7.8.8.
inline constexpr std::uint16_t kAriNextFunction = 0x05;

// ATS, PCIe 5.0 §10.5.1.
inline constexpr std::uint16_t kAtsCapability = 0x04;
inline constexpr std::uint16_t kAtsControl = 0x06;
inline constexpr std::uint16_t kAtsPageAligned = 0x0020;
inline constexpr std::uint16_t kAtsControlMask = 0x801f;  // enable, smallest translation unit

// Power management capability, PCIe 5.0 §7.5.2.
inline constexpr std::uint8_t kPowerSize = 8;
inline constexpr std::uint16_t kPowerCapabilities = 0x02;
inline constexpr std::uint16_t kPowerControl = 0x04;
inline constexpr std::uint16_t kPowerVersion3 = 0x0003;
inline constexpr std::uint16_t kPowerNoSoftReset = 0x0008;
inline constexpr std::uint16_t kPowerStateMask = 0x0003;

// MSI capability, PCIe 5.0 §7.7.1. Offsets behind the address depend on its size.
inline constexpr std::uint16_t kMsiControl = 0x02;
inline constexpr std::uint16_t kMsiAddress = 0x04;
inline constexpr std::uint16_t kMsiEnable = 0x0001;
inline constexpr std::uint16_t kMsiMultipleEnable = 0x0070;
inline constexpr std::uint16_t kMsi64Bit = 0x0080;
inline constexpr std::uint16_t kMsiMasking = 0x0100;

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
inline constexpr std::uint16_t kExpressDeviceCapabilities2 = 0x24;
inline constexpr std::uint16_t kExpressDeviceControl2 = 0x28;
inline constexpr std::uint16_t kExpressLinkCapabilities2 = 0x2c;
inline constexpr std::uint16_t kExpressLinkControl2 = 0x30;

inline constexpr std::uint16_t kExpressVersion2 = 0x0002;
inline constexpr std::uint16_t kExpressSlotImplemented = 0x0100;
inline constexpr std::uint32_t kExpressRoleBasedErrors = 0x00008000;
inline constexpr std::uint32_t kExpressFlrCapable = 0x10000000;
inline constexpr std::uint16_t kExpressInitiateFlr = 0x8000;
inline constexpr std::uint32_t kExpressLinkActiveReporting = 0x00100000;
inline constexpr std::uint16_t kExpressLinkActive = 0x2000;
inline constexpr std::uint32_t kExpressLinkBandwidth = 0x00200000;  // bandwidth notification
inline constexpr std::uint16_t kExpressLinkDisable = 0x0010;
inline constexpr std::uint16_t kExpressPresenceDetected = 0x0040;
inline constexpr std::uint16_t kExpressMessageNumber = 0x3e00;
// Device Control and Device Status.
inline constexpr std::uint16_t kExpressReportCorrectable = 0x0001;
inline constexpr std::uint16_t kExpressReportNonFatal = 0x0002;
inline constexpr std::uint16_t kExpressReportFatal = 0x0004;
inline constexpr std::uint16_t kExpressReportUnsupported = 0x0008;
// Slot Capabilities.
inline constexpr std::uint32_t kExpressSlotButton = 0x00000001;
inline constexpr std::uint32_t kExpressSlotPowerController = 0x00000002;
inline constexpr std::uint32_t kExpressSlotAttentionIndicator = 0x00000008;
inline constexpr std::uint32_t kExpressSlotPowerIndicator = 0x00000010;
inline constexpr std::uint32_t kExpressSlotSurprise = 0x00000020;
inline constexpr std::uint32_t kExpressSlotHotPlug = 0x00000040;
inline constexpr std::uint32_t kExpressSlotInterlock = 0x00020000;
// Slot Control.
inline constexpr std::uint16_t kExpressSlotEnables = 0x0039;  // button, presence, command, hot-plug
inline constexpr std::uint16_t kExpressSlotIndicators = 0x03c0;
inline constexpr std::uint16_t kExpressSlotAttentionOff = 0x00c0;
inline constexpr std::uint16_t kExpressSlotPowerOn = 0x0100;
inline constexpr std::uint16_t kExpressSlotPowerBlinking = 0x0200;
inline constexpr std::uint16_t kExpressSlotPowerIndicatorOff = 0x0300;
inline constexpr std::uint16_t kExpressSlotPoweredOff = 0x0400;  // Power Controller Control
inline constexpr std::uint16_t kExpressSlotInterrupt = 0x0020;
inline constexpr std::uint16_t kExpressSlotLinkEnable = 0x1000;
// Slot Status: events, write 1 to clear. Their enables have the same bits, but for the last.
inline constexpr std::uint16_t kExpressSlotButtonPressed = 0x0001;
inline constexpr std::uint16_t kExpressSlotPresenceChanged = 0x0008;
inline constexpr std::uint16_t kExpressSlotCommandCompleted = 0x0010;
inline constexpr std::uint16_t kExpressSlotLinkChanged = 0x0100;
inline constexpr std::uint16_t kExpressSlotEvents = 0x0119;
// Device Capabilities 2 and Control 2.
inline constexpr std::uint32_t kExpressAriForwarding = 0x00000020;
inline constexpr std::uint32_t kExpressExtendedFormat = 0x00100000;
inline constexpr std::uint32_t kExpressTlpPrefix = 0x00200000;
inline constexpr std::uint16_t kExpressPrefixBlocking = 0x8000;

// Access Control Services, PCIe 5.0 §7.7.8.
inline constexpr std::uint16_t kAcsCapabilities = 0x04;
inline constexpr std::uint16_t kAcsControl = 0x06;

// Class codes, PCI Code and ID Assignment 1.11.
inline constexpr std::uint32_t kClassHostBridge = 0x060000;
inline constexpr std::uint32_t kClassPciBridge = 0x060400;

}  // namespace siskin::pci_spec
