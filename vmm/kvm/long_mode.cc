// SPDX-License-Identifier: Apache-2.0
// Segment and control registers for protected and 64-bit mode.
#include "vmm/kvm/long_mode.h"

namespace siskin {
namespace {

// Selectors as a boot loader's usual table has them: 0x10 code, 0x18 data
// (Linux: Documentation/x86/boot.rst, 64-bit boot protocol: __BOOT_CS and __BOOT_DS).
constexpr std::uint16_t kCodeSelector = 0x10;
constexpr std::uint16_t kDataSelector = 0x18;
constexpr std::uint16_t kTaskSelector = 0x20;

// Segment types (Intel SDM volume 3, §3.4.5.1 and §3.5).
constexpr std::uint8_t kTypeCodeReadAccessed = 0xb;
constexpr std::uint8_t kTypeDataWriteAccessed = 0x3;
constexpr std::uint8_t kTypeBusyTask = 0xb;

constexpr std::uint64_t kCr0ProtectionEnable = 1ULL << 0U;
constexpr std::uint64_t kCr0ExtensionType = 1ULL << 4U;
constexpr std::uint64_t kCr0Paging = 1ULL << 31U;
constexpr std::uint64_t kCr4PhysicalAddressExtension = 1ULL << 5U;
constexpr std::uint64_t kEferLongModeEnable = 1ULL << 8U;
constexpr std::uint64_t kEferLongModeActive = 1ULL << 10U;

kvm_segment flat_segment(std::uint16_t selector, std::uint8_t type) {
    kvm_segment segment{};
    segment.selector = selector;
    segment.limit = 0xffffffff;
    segment.type = type;
    segment.present = 1;
    segment.s = 1;
    segment.g = 1;
    return segment;
}

void set_data_segments(kvm_sregs& registers) {
    kvm_segment data = flat_segment(kDataSelector, kTypeDataWriteAccessed);
    data.db = 1;
    registers.ds = data;
    registers.es = data;
    registers.fs = data;
    registers.gs = data;
    registers.ss = data;
}

}  // namespace

void set_task_register(kvm_sregs& registers) {
    kvm_segment task{};
    task.selector = kTaskSelector;
    task.limit = 0x67;
    task.type = kTypeBusyTask;
    task.present = 1;
    registers.tr = task;
}

void set_flat_protected_mode(kvm_sregs& registers) {
    registers.cs = flat_segment(kCodeSelector, kTypeCodeReadAccessed);
    registers.cs.db = 1;
    set_data_segments(registers);
    set_task_register(registers);
    registers.cr0 = kCr0ProtectionEnable | kCr0ExtensionType;
    registers.cr3 = 0;
    registers.cr4 = 0;
    registers.efer = 0;
}

void set_long_mode(kvm_sregs& registers, GuestAddress page_table_root) {
    registers.cs = flat_segment(kCodeSelector, kTypeCodeReadAccessed);
    registers.cs.l = 1;
    set_data_segments(registers);
    set_task_register(registers);
    registers.cr0 = kCr0ProtectionEnable | kCr0ExtensionType | kCr0Paging;
    registers.cr3 = page_table_root.value();
    registers.cr4 = kCr4PhysicalAddressExtension;
    registers.efer = kEferLongModeEnable | kEferLongModeActive;
}

}  // namespace siskin
