// SPDX-License-Identifier: Apache-2.0
// IrqRouting: the one GSI routing table; interrupt lines of the chips and MSI by irqfd.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bus/irq_line.h"
#include "base/bus/msi.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"
#include "vmm/kvm/uapi.h"

namespace siskin {

// GSIs 0..23 are the inputs of PIC and I/O APIC; each MSI message in use has a GSI above them.
// Linux: Documentation/virt/kvm/api.rst, KVM_SET_GSI_ROUTING, KVM_IRQFD.
// Thread: under MachineLock, or before the vCPUs run.
class IrqRouting final : public MsiTarget {
public:
    static constexpr std::uint32_t kChipGsiCount = 24;
    // Routes KVM is asked for at most, chips included; KVM's own limit is 4096.
    static constexpr std::size_t kMsiRoutesMax = 2048;

    // `vm` outlives this object. Sets the chips' routes.
    [[nodiscard]] static Result<std::unique_ptr<IrqRouting>> create(const Fd& vm);

    // A device's place at the input of the chips with that number, 0..23; devices may share one.
    // It goes before this object.
    [[nodiscard]] std::unique_ptr<IrqLine> line(Gsi gsi);

    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                        MsiMessage message) override;
    void send(MsiMessage message) override;

    // How many vectors are bound to irqfds now. Of kMsiRoutesMax at most, where all messages
    // differ.
    [[nodiscard]] std::uint32_t irqfd_count() const;

private:
    // A message's GSI. Kept after its last user so that masking and unmasking a vector, which a
    // driver does often, costs no new table.
    struct Route {
        MsiMessage message;
        std::uint32_t users = 0;
        bool set = false;  // in the kernel's table
    };
    class IrqfdBinding;
    class ResampledBinding;
    class Line;

    explicit IrqRouting(const Fd& vm) : vm_(vm) {}
    [[nodiscard]] Result<> publish();
    [[nodiscard]] Result<std::uint32_t> acquire(MsiMessage message);
    void release(std::uint32_t gsi) { --routes_[gsi - kChipGsiCount].users; }
    // `resampled` is signalled at each end of interrupt: the input is a level, then.
    [[nodiscard]] Result<> irqfd(const EventFd& event, std::uint32_t gsi, bool deassign,
                                 const EventFd* resampled = nullptr) const;

    const Fd& vm_;
    std::array<std::uint32_t, kChipGsiCount> asserting_{};  // how many devices assert each input
    std::vector<Route> routes_;                             // index + kChipGsiCount is the GSI
};

}  // namespace siskin
