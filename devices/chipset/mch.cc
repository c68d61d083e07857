// SPDX-License-Identifier: Apache-2.0
// Host bridge function of the Q35 chipset.
#include "devices/chipset/mch.h"

#include <utility>

#include "base/bits.h"
#include "devices/chipset/identity.h"
#include "pci/bus.h"

namespace siskin {
namespace {

// PCIEXBAR, §5.1.19: base in bits 35:26, length in 2:1, enable in 0.
constexpr std::uint64_t kBaseMask = 0xffc000000;
constexpr std::uint64_t kLengthMask = 0x6;
constexpr unsigned kLengthShift = 1;
constexpr std::uint64_t kLengthReserved = 3;

constexpr PciIdentity kIdentity{.vendor_id = chipset::kIntel,
                                .device_id = 0x29c0,
                                .subsystem_vendor_id = chipset::kSubsystemVendor,
                                .subsystem_id = chipset::kSubsystem,
                                .class_code = 0x060000};

}  // namespace

Mch::Mch(PciBus& root, EcamMoved ecam_moved)
    : PciFunction(PciPlace{&root, DevFn::of(0, 0), false, "mch", ""}, kIdentity),
      ecam_moved_(std::move(ecam_moved)) {
    config().registers().set_writable(kPciexbar, 8, kBaseMask | kLengthMask | kPciexbarEnable);
}

std::optional<EcamWindow> Mch::ecam() const {
    const std::uint64_t value = config().registers().get(kPciexbar, 8);
    const std::uint64_t length = (value & kLengthMask) >> kLengthShift;
    if ((value & kPciexbarEnable) == 0 || length == kLengthReserved) {
        return std::nullopt;
    }
    const std::uint64_t size = (256 * kMiB) >> length;
    return EcamWindow{GuestAddress{align_down(value & kBaseMask, size)}, ByteCount{size}};
}

void Mch::config_write(IoAccess access, std::uint64_t value) {
    PciFunction::config_write(access, value);
    tell();
}

void Mch::tell() {
    const std::optional<EcamWindow> now = ecam();
    if (now != told_) {
        told_ = now;
        ecam_moved_(now);
    }
}

}  // namespace siskin
