// SPDX-License-Identifier: Apache-2.0
// Ring 3 (SDM vol. 3, §7.7; I/O permissions: vol. 1, §19.5.2).
#include "tools/guest/runtime/user_mode.h"

#include <cstddef>
#include <cstdint>

extern "C" std::uint64_t page_map_level4[];
extern "C" std::uint64_t gdt_task[2];

namespace siskin::guest {
namespace {

constexpr std::uint64_t kPresent = 1 << 0;
constexpr std::uint64_t kUser = 1 << 2;
constexpr std::uint64_t kLarge = 1 << 7;
constexpr std::uint64_t kAddress = 0x000ffffffffff000;
constexpr unsigned kEntries = 512;

// No interrupt comes, so what matters is that every port is allowed.
struct [[gnu::packed]] TaskState {
    std::uint8_t stacks[102];
    std::uint16_t port_map_offset;
    std::uint8_t port_map[8193];  // a bit a port, and one byte more, whose bits are set
};
TaskState task_state;

void allow_ports() {
    task_state.port_map_offset = offsetof(TaskState, port_map);
    task_state.port_map[sizeof(task_state.port_map) - 1] = 0xff;
    const auto base = reinterpret_cast<std::uint64_t>(&task_state);
    constexpr std::uint64_t kLimit = sizeof(TaskState) - 1;
    constexpr std::uint64_t kPresentTask = 0x89;
    gdt_task[0] = kLimit | (base & 0xffffff) << 16 | kPresentTask << 40 | (base >> 24 & 0xff) << 56;
    gdt_task[1] = base >> 32;
    asm volatile("ltr %w0" : : "r"(0x30) : "memory");
}

void open_to_users(std::uint64_t* table) {
    for (unsigned index = 0; index < kEntries; ++index) {
        if ((table[index] & kPresent) == 0) {
            continue;
        }
        if ((table[index] & kLarge) == 0) {
            open_to_users(reinterpret_cast<std::uint64_t*>(table[index] & kAddress));
        }
        table[index] |= kUser;
    }
}

}  // namespace

void enter_user_mode() {
    open_to_users(page_map_level4);
    allow_ports();
    // The segments are of entry.S; the flags have interrupts off.
    asm volatile(
        "movq %%cr3, %%rax\n\t"
        "movq %%rax, %%cr3\n\t"
        "movq %%rsp, %%rax\n\t"
        "pushq $0x2b\n\t"
        "pushq %%rax\n\t"
        "pushq $0x2\n\t"
        "pushq $0x23\n\t"
        "leaq 1f(%%rip), %%rax\n\t"
        "pushq %%rax\n\t"
        "iretq\n"
        "1:"
        :
        :
        : "rax", "memory", "cc");
}

}  // namespace siskin::guest
