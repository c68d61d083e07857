// SPDX-License-Identifier: Apache-2.0
// LPC bridge of the ICH9.
#include "devices/chipset/ich9_lpc.h"

#include <utility>

#include "devices/chipset/identity.h"
#include "pci/bus.h"

namespace siskin {
namespace {

constexpr std::uint32_t kPmBaseMask = 0xff80;  // §13.1.13
constexpr std::uint32_t kIoSpace = 0x1;
constexpr std::uint8_t kAcpiControlMask = 0x87;  // §13.1.14: ACPI_EN, SCI_IRQ_SEL
constexpr std::uint32_t kRcbaMask = 0xffffc001;  // §13.1.37: base, enable

// §13.1.17, §13.1.20: PIRQA..D at 0x60, PIRQE..H at 0x68.
constexpr std::uint8_t kPirqNotRouted = 0x80;
constexpr std::uint8_t kPirqRoute = 0x0f;
constexpr std::uint16_t pirq_offset(unsigned pirq) {
    return static_cast<std::uint16_t>((pirq < 4 ? 0x60U : 0x64U) + pirq);
}

constexpr PciIdentity kIdentity{.vendor_id = chipset::kIntel,
                                .device_id = 0x2918,
                                .subsystem_vendor_id = chipset::kSubsystemVendor,
                                .subsystem_id = chipset::kSubsystem,
                                .revision = 2,
                                .class_code = 0x060100};

}  // namespace

Ich9Lpc::Ich9Lpc(PciBus& root, PmMoved pm_moved)
    : PciFunction(PciPlace{&root, DevFn::of(0x1f, 0), true, "ICH9-LPC", ""}, kIdentity),
      pm_moved_(std::move(pm_moved)) {
    RegisterBlock& registers = config().registers();
    registers.set(kPmBase, 4, kIoSpace);
    registers.set_writable(kPmBase, 4, kPmBaseMask);
    registers.set_writable(kAcpiControl, 1, kAcpiControlMask);
    registers.set_writable(kRcba, 4, kRcbaMask);
    for (unsigned pirq = 0; pirq < kPirqCount; ++pirq) {
        registers.set(pirq_offset(pirq), 1, kPirqNotRouted);
        registers.set_writable(pirq_offset(pirq), 1, kPirqNotRouted | kPirqRoute);
    }
}

std::optional<std::uint16_t> Ich9Lpc::pm_base() const {
    if ((config().get8(kAcpiControl) & kAcpiEnable) == 0) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(config().get32(kPmBase) & kPmBaseMask);
}

std::optional<std::uint8_t> Ich9Lpc::pirq_route(unsigned pirq) const {
    const std::uint8_t stored =
        pirq < kPirqCount ? config().get8(pirq_offset(pirq)) : kPirqNotRouted;
    if ((stored & kPirqNotRouted) != 0) {
        return std::nullopt;
    }
    return static_cast<std::uint8_t>(stored & kPirqRoute);
}

void Ich9Lpc::config_write(IoAccess access, std::uint64_t value) {
    PciFunction::config_write(access, value);
    tell();
}

void Ich9Lpc::tell() {
    const std::optional<std::uint16_t> now = pm_base();
    if (now != told_) {
        told_ = now;
        pm_moved_(now);
    }
}

}  // namespace siskin
