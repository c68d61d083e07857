// SPDX-License-Identifier: Apache-2.0
// The four functions a compiler may call in any program, by the string instructions: eight bytes at
// a time, as an emulated processor takes its time for each step of one.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) {
    void* const result = to;
    std::size_t words = size / 8;
    size %= 8;
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return result;
}

void* memset(void* to, int byte, std::size_t size) {
    void* const result = to;
    const std::uint64_t word = 0x0101010101010101 * static_cast<std::uint8_t>(byte);
    std::size_t words = size / 8;
    size %= 8;
    asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
    asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(word) : "memory");
    return result;
}

void* memmove(void* to, const void* from, std::size_t size) {
    auto* const target = static_cast<unsigned char*>(to);
    const auto* const source = static_cast<const unsigned char*>(from);
    if (target <= source || target >= source + size) {
        return memcpy(to, from, size);
    }
    for (std::size_t left = size; left > 0; --left) {
        target[left - 1] = source[left - 1];
    }
    return to;
}

int memcmp(const void* left, const void* right, std::size_t size) {
    const auto* const a = static_cast<const unsigned char*>(left);
    const auto* const b = static_cast<const unsigned char*>(right);
    std::size_t i = 0;
    while (i + 8 <= size && *reinterpret_cast<const std::uint64_t*>(&a[i]) ==
                                *reinterpret_cast<const std::uint64_t*>(&b[i])) {
        i += 8;
    }
    for (; i < size; ++i) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

}  // extern "C"
