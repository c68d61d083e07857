// SPDX-License-Identifier: Apache-2.0
// Doorbells as a seam: a guest write that signals an EventFd (ioeventfd in the kernel).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bus/binding.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"

namespace siskin {

// Which of the two address spaces.
enum class DoorbellSpace { Memory, Ports };

// Which guest writes ring. Linux: Documentation/virt/kvm/api.rst, KVM_IOEVENTFD.
struct DoorbellAddress {
    GuestAddress address;
    unsigned width = 0;                  // bytes: 1, 2, 4, 8, or 0 for a write of any width
    std::optional<std::uint64_t> match;  // only this value rings
    DoorbellSpace space = DoorbellSpace::Memory;
};

// Thread: under MachineLock.
class DoorbellRegistry {
public:
    virtual ~DoorbellRegistry() = default;

    // While the binding lives, such a write signals `event` and causes no exit.
    // Errors: another doorbell is there already, no descriptor left.
    [[nodiscard]] virtual Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                                DoorbellAddress address) = 0;
};

}  // namespace siskin
