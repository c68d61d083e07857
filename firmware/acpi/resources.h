// SPDX-License-Identifier: Apache-2.0
// Resource templates of ACPI 6.4 §6.4: what _CRS returns.
#pragma once

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "firmware/acpi/aml.h"

namespace siskin::acpi {

// Pure values, any thread. Sizes are not zero; a range that does not fit its descriptor is our own
// bug and asserts (AcpiConfig is checked before).
namespace resource {

// One encoded descriptor.
using Descriptor = Bytes;

// Ports fixed at `base`, 16-bit decoded (§6.4.2.5).
[[nodiscard]] Descriptor io(std::uint16_t base, std::uint8_t length);
// An ISA interrupt, edge, active high (§6.4.2.1, without flags).
[[nodiscard]] Descriptor irq(unsigned isa_irq);
// A global system interrupt (§6.4.3.6).
enum class Trigger : bool { Level, Edge };
enum class Polarity : bool { ActiveHigh, ActiveLow };
[[nodiscard]] Descriptor interrupt(Gsi gsi, Trigger trigger, Polarity polarity);
// A fixed 32-bit memory range, read-write (§6.4.3.4).
[[nodiscard]] Descriptor memory32_fixed(std::uint32_t base, std::uint32_t length);

// What the device takes for itself, or passes on to its children (§6.4.3.5, general flags).
enum class Usage : std::uint8_t { Producer = 0, Consumer = 1 };
// Bus numbers first..last of a host bridge (§6.4.3.5.3).
[[nodiscard]] Descriptor word_bus_number(std::uint8_t first, std::uint8_t last);
// Ports base .. base + length - 1 (§6.4.3.5.3).
[[nodiscard]] Descriptor word_io(std::uint16_t base, std::uint32_t length);
// Memory, not cacheable, read-write (§6.4.3.5.2, §6.4.3.5.1).
[[nodiscard]] Descriptor dword_memory(std::uint32_t base, std::uint64_t length);
[[nodiscard]] Descriptor qword_memory(std::uint64_t base, std::uint64_t length, Usage usage);

// The buffer of several descriptors with its end tag (§6.4.2.9).
[[nodiscard]] Aml make_template(const std::vector<Descriptor>& descriptors);

}  // namespace resource
}  // namespace siskin::acpi
