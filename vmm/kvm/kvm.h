// SPDX-License-Identifier: Apache-2.0
// Kvm: the open /dev/kvm and what it can do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "vmm/kvm/uapi.h"

namespace siskin {

// Thread: any; it has no state of its own. Linux: Documentation/virt/kvm/api.rst, system ioctls.
class Kvm {
public:
    // Opens the device and checks that it has all that siskin needs. Errors name the device, the
    // group that may open it, or the capability that is missing (class KVMMissingCap).
    [[nodiscard]] static Result<Kvm> open(const std::string& path = "/dev/kvm");

    // The value of a capability, 0 where the kernel does not have it.
    [[nodiscard]] int extension(unsigned capability) const;
    [[nodiscard]] Result<std::vector<kvm_cpuid_entry2>> supported_cpuid() const;
    // The registers that KVM saves and restores.
    [[nodiscard]] Result<std::vector<std::uint32_t>> msr_indices() const;
    // In bytes, of the page shared with a vCPU.
    [[nodiscard]] std::size_t vcpu_page_size() const { return vcpu_page_size_; }
    [[nodiscard]] Result<Fd> create_vm() const;

private:
    Kvm(Fd fd, std::size_t vcpu_page_size) : fd_(std::move(fd)), vcpu_page_size_(vcpu_page_size) {}

    Fd fd_;
    std::size_t vcpu_page_size_;
};

// ioctl(2), again after EINTR, at most kIoctlRetriesMax times. -1 and errno as usual.
[[nodiscard]] int kvm_ioctl(const Fd& fd, unsigned long request, void* argument = nullptr);
[[nodiscard]] int kvm_ioctl_value(const Fd& fd, unsigned long request, unsigned long value);
inline constexpr int kIoctlRetriesMax = 5;

}  // namespace siskin
