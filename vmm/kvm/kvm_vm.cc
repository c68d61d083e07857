// SPDX-License-Identifier: Apache-2.0
// One virtual machine in the kernel.
#include "vmm/kvm/kvm_vm.h"

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "vmm/kvm/statistics.h"

namespace siskin {

Result<KvmVm> KvmVm::create(const Kvm& kvm, KvmReservedPages reserved) {
    KvmVm vm(SISKIN_TRY(kvm.create_vm()));
    SISKIN_TRY(vm.create_chips(reserved));
    SISKIN_TRY(vm.save_power_on_state());
    vm.statistics_ = SISKIN_TRY(KvmStatistics::open(vm.fd_));
    return vm;
}

Result<> KvmVm::create_chips(KvmReservedPages reserved) {
    std::uint64_t identity_map = reserved.identity_map.value();
    if (kvm_ioctl(fd_, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) != 0) {
        return fail_errno("KVM_SET_IDENTITY_MAP_ADDR", errno);
    }
    if (kvm_ioctl_value(fd_, KVM_SET_TSS_ADDR, reserved.task_state.value()) != 0) {
        return fail_errno("KVM_SET_TSS_ADDR", errno);
    }
    if (kvm_ioctl(fd_, KVM_CREATE_IRQCHIP) != 0) {
        return fail_errno("KVM_CREATE_IRQCHIP", errno);
    }
    kvm_pit_config pit{};
    pit.flags = KVM_PIT_SPEAKER_DUMMY;  // port 0x61 is answered by the kernel
    if (kvm_ioctl(fd_, KVM_CREATE_PIT2, &pit) != 0) {
        return fail_errno("KVM_CREATE_PIT2", errno);
    }
    return {};
}

Result<> KvmVm::map(const GuestMemory& memory) {
    for (const GuestRegion& region : memory.regions()) {
        kvm_userspace_memory_region slot{};
        slot.slot = slot_count_;
        slot.guest_phys_addr = region.base.value();
        slot.memory_size = region.size().value();
        slot.userspace_addr = reinterpret_cast<std::uint64_t>(region.data());
        if (kvm_ioctl(fd_, KVM_SET_USER_MEMORY_REGION, &slot) != 0) {
            return fail_errno(concat("KVM_SET_USER_MEMORY_REGION at ", hex(region.base.value())),
                              errno);
        }
        ++slot_count_;
    }
    return {};
}

Result<Fd> KvmVm::create_vcpu(std::uint32_t apic_id) const {
    Fd vcpu(kvm_ioctl_value(fd_, KVM_CREATE_VCPU, apic_id));
    if (!vcpu.valid()) {
        return fail_errno(concat("KVM_CREATE_VCPU with APIC ID ", apic_id), errno);
    }
    return vcpu;
}

// Linux: Documentation/virt/kvm/api.rst, KVM_GET_CLOCK. A kernel without it has no kvmclock.
void KvmVm::pause_clock() {
    kvm_clock_data clock{};
    if (kvm_ioctl(fd_, KVM_GET_CLOCK, &clock) == 0) {
        stopped_clock_ = clock.clock;
    }
}

void KvmVm::resume_clock() {
    if (const auto stopped = std::exchange(stopped_clock_, std::nullopt)) {
        kvm_clock_data clock{};
        clock.clock = *stopped;
        if (kvm_ioctl(fd_, KVM_SET_CLOCK, &clock) != 0) {
            log::warning(concat("KVM_SET_CLOCK: ", errno_text(errno)));
        }
    }
}

Result<> KvmVm::save_power_on_state() {
    power_on_ = std::make_unique<ChipState>();
    for (std::uint32_t chip = 0; chip < power_on_->irqchips.size(); ++chip) {
        power_on_->irqchips[chip].chip_id = chip;
        if (kvm_ioctl(fd_, KVM_GET_IRQCHIP, &power_on_->irqchips[chip]) != 0) {
            return fail_errno("KVM_GET_IRQCHIP", errno);
        }
    }
    if (kvm_ioctl(fd_, KVM_GET_PIT2, &power_on_->pit) != 0) {
        return fail_errno("KVM_GET_PIT2", errno);
    }
    return {};
}

Result<> KvmVm::restore_power_on_state() const {
    for (kvm_irqchip& chip : power_on_->irqchips) {
        if (kvm_ioctl(fd_, KVM_SET_IRQCHIP, &chip) != 0) {
            return fail_errno("KVM_SET_IRQCHIP", errno);
        }
    }
    if (kvm_ioctl(fd_, KVM_SET_PIT2, &power_on_->pit) != 0) {
        return fail_errno("KVM_SET_PIT2", errno);
    }
    return {};
}

}  // namespace siskin
