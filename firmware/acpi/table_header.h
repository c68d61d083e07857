// SPDX-License-Identifier: Apache-2.0
// What every ACPI table shares: the header, the checksum, the generic address structure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/endian.h"
#include "base/result.h"

namespace siskin::acpi {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::array<char, 6> kOemId{'S', 'I', 'S', 'K', 'I', 'N'};
inline constexpr std::array<char, 8> kOemTableId{'S', 'I', 'S', 'K', 'I', 'N', 'P', 'C'};
inline constexpr std::array<char, 4> kCreatorId{'S', 'S', 'K', 'N'};

struct TableHeader {                     // ACPI 6.4 §5.2.6
    std::array<char, 4> signature{};     //  0
    ule32 length;                        //  4  of the whole table
    std::uint8_t revision = 0;           //  8
    std::uint8_t checksum = 0;           //  9  makes the sum of all bytes zero
    std::array<char, 6> oem_id{};        // 10
    std::array<char, 8> oem_table_id{};  // 16
    ule32 oem_revision;                  // 24
    std::array<char, 4> creator_id{};    // 28
    ule32 creator_revision;              // 32
};
static_assert(sizeof(TableHeader) == 36 && alignof(TableHeader) == 1);

enum class AddressSpace : std::uint8_t { SystemMemory = 0, SystemIo = 1 };
enum class AccessSize : std::uint8_t { Undefined = 0, Byte = 1, Word = 2, Dword = 3, Qword = 4 };

struct GenericAddress {                              // ACPI 6.4 §5.2.3.2
    AddressSpace space{AddressSpace::SystemMemory};  //  0
    std::uint8_t bit_width = 0;                      //  1
    std::uint8_t bit_offset = 0;                     //  2
    AccessSize access_size{AccessSize::Undefined};   //  3
    ule64 address;                                   //  4
};
static_assert(sizeof(GenericAddress) == 12 && alignof(GenericAddress) == 1);

// A header with our names in it; length and checksum come with finish_table. `signature` has four
// characters.
[[nodiscard]] TableHeader make_header(std::string_view signature, std::uint8_t revision);

// The byte that makes the sum of `bytes` and itself zero, modulo 256.
[[nodiscard]] std::uint8_t checksum_of(std::span<const std::uint8_t> bytes);

// Adds a structure's bytes at the end.
template <typename T>
requires(std::is_trivially_copyable_v<T> && alignof(T) == 1) void append_object(Bytes& bytes,
                                                                                const T& object) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&object);
    bytes.insert(bytes.end(), first, first + sizeof(object));
}

// Sets the length and the checksum of a table that begins with a TableHeader.
[[nodiscard]] Bytes finish_table(Bytes table);

}  // namespace siskin::acpi
