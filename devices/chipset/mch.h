// SPDX-License-Identifier: Apache-2.0
// Host bridge function of the Q35 chipset (MCH, 8086:29c0) at 00:00.0.
// Models: identity and PCIEXBAR, which places the memory-mapped configuration space (ECAM).
// Left out: DRAM, PAM and SMRAM control, TOLUD, the graphics port, errors.
// Follows: Intel 3 Series Express Chipset data sheet, §5.1.  Thread: any vCPU, under MachineLock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/units.h"
#include "pci/function.h"

namespace siskin {

// Where the guest wants ECAM.
struct EcamWindow {
    GuestAddress base;
    ByteCount size;  // 64, 128 or 256 MiB: one MiB a bus, from bus 0

    friend bool operator==(const EcamWindow&, const EcamWindow&) = default;
};

class Mch final : public PciFunction {
public:
    static constexpr std::uint16_t kPciexbar = 0x60;  // 8 bytes
    static constexpr std::uint64_t kPciexbarEnable = 0x1;

    // `ecam_moved` is called after each change, with nothing when ECAM is off. The guest may name
    // any address; what is there already stays, so the caller may be unable to map it.
    using EcamMoved = std::function<void(std::optional<EcamWindow>)>;

    // Not plugged yet.
    Mch(PciBus& root, EcamMoved ecam_moved);
    ~Mch() override { unplug(); }

    [[nodiscard]] std::optional<EcamWindow> ecam() const;

    void config_write(IoAccess access, std::uint64_t value) override;

private:
    void on_reset() override { tell(); }
    void tell();

    EcamMoved ecam_moved_;
    std::optional<EcamWindow> told_;
};

}  // namespace siskin
