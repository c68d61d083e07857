// SPDX-License-Identifier: Apache-2.0
// LPC bridge of the I/O controller hub ICH9 (8086:2918) at 00:1f.0.
// Models: PMBASE and ACPI_CNTL, which place the ACPI PM block; PIRQ routing and RCBA as registers.
// Left out: what PIRQ routing does to the 8259s (interrupts go to the I/O APIC), SCI_IRQ_SEL (the
// SCI is IRQ 9), the memory behind RCBA, GPIO, decode ranges, SMI.
// Follows: Intel I/O Controller Hub 9 data sheet, §13.1.  Thread: any vCPU, under MachineLock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "pci/function.h"

namespace siskin {

class Ich9Lpc final : public PciFunction {
public:
    static constexpr std::uint16_t kPmBase = 0x40;       // 4 bytes
    static constexpr std::uint16_t kAcpiControl = 0x44;  // 1 byte
    static constexpr std::uint8_t kAcpiEnable = 0x80;
    static constexpr std::uint16_t kRcba = 0xf0;  // 4 bytes
    static constexpr unsigned kPirqCount = 8;     // PIRQA# to PIRQH#

    // `pm_moved` is called after each change with the first of the PM block's 128 ports, or with
    // nothing when it is off. The guest may name any port; what is there already stays.
    using PmMoved = std::function<void(std::optional<std::uint16_t>)>;

    // Not plugged yet.
    Ich9Lpc(PciBus& root, PmMoved pm_moved);
    ~Ich9Lpc() override { unplug(); }

    [[nodiscard]] std::optional<std::uint16_t> pm_base() const;
    // The ISA interrupt that `pirq` (below kPirqCount) is routed to in PIC mode, if any.
    [[nodiscard]] std::optional<std::uint8_t> pirq_route(unsigned pirq) const;

    void config_write(IoAccess access, std::uint64_t value) override;

private:
    void on_reset() override { tell(); }
    void tell();

    PmMoved pm_moved_;
    std::optional<std::uint16_t> told_;
};

}  // namespace siskin
