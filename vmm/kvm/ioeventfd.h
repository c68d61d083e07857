// SPDX-License-Identifier: Apache-2.0
// KvmDoorbells: doorbells in the guest's memory and ports by KVM_IOEVENTFD.
#pragma once

#include "base/bus/doorbell.h"
#include "base/fd.h"

namespace siskin {

// Thread: under MachineLock. `vm` outlives the object, the object outlives its bindings.
class KvmDoorbells final : public DoorbellRegistry {
public:
    explicit KvmDoorbells(const Fd& vm) : vm_(vm) {}

    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                        DoorbellAddress address) override;

    // How many doorbells are bound now.
    [[nodiscard]] std::uint32_t count() const { return count_; }

private:
    class IoeventfdBinding;

    const Fd& vm_;
    std::uint32_t count_ = 0;
};

}  // namespace siskin
