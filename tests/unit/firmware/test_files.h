// SPDX-License-Identifier: Apache-2.0
// Files and guest RAM for the firmware tests, and synthetic kernels to boot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "base/fd.h"
#include "base/memory/guest_memory.h"

namespace siskin::test {

using FileBytes = std::vector<std::byte>;

// A file in memory with a path that others can open; it may be changed while they hold it.
class TestFile {
public:
    explicit TestFile(const FileBytes& content);

    [[nodiscard]] std::string path() const;
    [[nodiscard]] Fd descriptor() const;
    void replace(const FileBytes& content) const;
    void truncate(std::size_t size) const;

private:
    Fd fd_;
};

// One region of RAM from address 0 on, filled with 0xa5.
[[nodiscard]] std::shared_ptr<const GuestMemory> make_ram(std::size_t size);

[[nodiscard]] FileBytes bytes_of(const std::string& text);

// Overwrites an object at an offset that lies inside.
template <typename T>
requires(std::is_trivially_copyable_v<T>) void poke(FileBytes& bytes, std::size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

// A bzImage of protocol 2.15 with one setup sector and 8 KiB of code, code byte i being i mod 251.
// pref_address is 2 MiB, init_size 1 MiB, the command line has at most 255 bytes, initrd_addr_max
// is 0x7fffffff.
[[nodiscard]] FileBytes make_bzimage();
inline constexpr std::size_t kBzImageCodeOffset = 1024;
inline constexpr std::size_t kBzImageCodeSize = 8192;

// A 64-bit ELF kernel: a PVH note with entry 0x100010, a segment of 0x100 bytes for 0x100000 that
// takes 0x300 in memory, one of 0x80 bytes for 0x200000.
[[nodiscard]] FileBytes make_elf64();
// The same as a 32-bit one.
[[nodiscard]] FileBytes make_elf32();
// Where make_elf64 has its program headers (note, first, second segment), and their size.
inline constexpr std::size_t kElf64Headers = 64;
inline constexpr std::size_t kElf64HeaderSize = 56;
inline constexpr std::size_t kElfNoteOffset = 0x200;
inline constexpr std::size_t kElfCodeOffset = 0x400;
inline constexpr std::uint32_t kElfEntry = 0x100010;

}  // namespace siskin::test
