// SPDX-License-Identifier: Apache-2.0
// The instructions C++ has no words for: ports, device memory, control of the processor.
#pragma once

#include <cstdint>

namespace siskin::guest {

inline void port_write8(std::uint16_t port, std::uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
inline void port_write16(std::uint16_t port, std::uint16_t value) {
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
inline void port_write32(std::uint16_t port, std::uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
inline std::uint8_t port_read8(std::uint16_t port) {
    std::uint8_t value = 0;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}
inline std::uint16_t port_read16(std::uint16_t port) {
    std::uint16_t value = 0;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}
inline std::uint32_t port_read32(std::uint16_t port) {
    std::uint32_t value = 0;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

// String forms: KVM may hand the monitor many elements in one exit.
inline void port_read_string8(std::uint16_t port, void* to, std::uint64_t count) {
    asm volatile("rep insb" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}
inline void port_write_string8(std::uint16_t port, const void* from, std::uint64_t count) {
    asm volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

// The memory at a physical address (identity-mapped), seen as `Integer`. One access, that wide: the
// move is written out, so that no compiler merges or splits it.
template <typename Integer>
[[nodiscard]] inline Integer mmio_read(std::uint64_t address) {
    Integer value = 0;
    asm volatile("mov (%1), %0" : "=a"(value) : "r"(address) : "memory");
    return value;
}
template <typename Integer>
inline void mmio_write(std::uint64_t address, Integer value) {
    asm volatile("mov %0, (%1)" : : "a"(value), "r"(address) : "memory");
}

inline void compiler_barrier() {
    asm volatile("" : : : "memory");
}
// Orders an earlier store before a later load (virtio 1.2 §2.7.13.4.1).
inline void full_barrier() {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

inline void disable_interrupts() {
    asm volatile("cli" : : : "memory");
}
inline void enable_interrupts() {
    asm volatile("sti" : : : "memory");
}
// Opens the door and waits in one go: no interrupt falls between the two.
inline void enable_interrupts_and_halt() {
    asm volatile("sti\n\thlt" : : : "memory");
}
inline void halt() {
    asm volatile("hlt" : : : "memory");
}
inline void pause() {
    asm volatile("pause" : : : "memory");
}
[[noreturn]] inline void halt_forever() {
    for (;;) {
        disable_interrupts();
        halt();
    }
}

}  // namespace siskin::guest
