// SPDX-License-Identifier: Apache-2.0
// A small encoder of ACPI Machine Language: each function gives the bytes of one term.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

// One encoded term, or several in a row. Pure values, any thread.
struct Aml {
    Bytes bytes;
};
using AmlList = std::vector<Aml>;

// The terms of ACPI 6.4 §20.2. A malformed name or index is our own bug and asserts: nothing a
// guest or a client says becomes AML text.
namespace aml {

// Data objects, §20.2.3.
[[nodiscard]] Aml integer(std::uint64_t value);
[[nodiscard]] Aml string(std::string_view text);
[[nodiscard]] Aml buffer(const Bytes& content);
[[nodiscard]] Aml package(const AmlList& elements);  // at most 255
// "PNP0A08" as the compressed integer of §19.3.4 (EISAID).
[[nodiscard]] Aml eisa_id(std::string_view id);
// "33db4d5b-1ff7-401c-9657-7441c03dd766" as the 16-byte buffer of §19.6.142 (ToUUID).
[[nodiscard]] Aml uuid(std::string_view text);

// Names, §20.2.2: "_HID", "\\_SB.PCI0", "^LPC"; short segments are filled with underscores.
[[nodiscard]] Aml path(std::string_view name);

// Named objects, §20.2.5.
[[nodiscard]] Aml name(std::string_view object, const Aml& value);
[[nodiscard]] Aml scope(std::string_view where, const AmlList& terms);
[[nodiscard]] Aml device(std::string_view object, const AmlList& terms);
enum class Serialize : bool { No, Yes };
[[nodiscard]] Aml method(std::string_view object, unsigned argument_count, Serialize serialize,
                         const AmlList& terms);
enum class RegionSpace : std::uint8_t { SystemMemory = 0, SystemIo = 1, PciConfig = 2 };
[[nodiscard]] Aml operation_region(std::string_view object, RegionSpace space, std::uint64_t offset,
                                   std::uint64_t length);
enum class FieldAccess : std::uint8_t { Any = 0, Byte = 1, Word = 2, Dword = 3, Qword = 4 };
struct FieldUnit {
    std::string_view name;  // empty: a gap
    std::uint32_t bits = 0;
};
// Preserving the bits that are not written; no lock.
[[nodiscard]] Aml field(std::string_view region, FieldAccess access,
                        const std::vector<FieldUnit>& units);
[[nodiscard]] Aml create_dword_field(const Aml& source, std::uint64_t byte_index,
                                     std::string_view object);

// Method bodies, §20.2.5.3, §20.2.5.4 and §20.2.6. Predicates may be nested.
[[nodiscard]] Aml argument(unsigned number);  // 0..6
[[nodiscard]] Aml local(unsigned number);     // 0..7
[[nodiscard]] Aml store(const Aml& source, const Aml& target);
[[nodiscard]] Aml bit_and(const Aml& left, const Aml& right, const Aml& target);
[[nodiscard]] Aml bit_or(const Aml& left, const Aml& right, const Aml& target);
[[nodiscard]] Aml element(const Aml& package, const Aml& index);  // as a target
[[nodiscard]] Aml equal(const Aml& left, const Aml& right);
[[nodiscard]] Aml less(const Aml& left, const Aml& right);
[[nodiscard]] Aml logical_not(const Aml& operand);
[[nodiscard]] Aml if_true(const Aml& predicate, const AmlList& terms);
[[nodiscard]] Aml otherwise(const AmlList& terms);  // directly after an if_true
// A call of a method that is known by then, or an object's value.
[[nodiscard]] Aml call(std::string_view method, const AmlList& arguments);
[[nodiscard]] Aml notify(std::string_view object, const Aml& value);
// Waits as long as it takes; what is behind runs with the mutex held, up to the release.
[[nodiscard]] Aml mutex(std::string_view object);
[[nodiscard]] Aml acquire(std::string_view mutex);
[[nodiscard]] Aml release(std::string_view mutex);
[[nodiscard]] Aml return_value(const Aml& value);

}  // namespace aml
}  // namespace siskin::acpi
