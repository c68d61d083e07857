// SPDX-License-Identifier: Apache-2.0
// Multiple APIC Description Table: processors, the I/O APIC and how ISA interrupts reach it.
#pragma once

#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

struct Madt {                  // ACPI 6.4 §5.2.12
    TableHeader header;        //  0
    ule32 local_apic_address;  // 36
    ule32 flags;               // 40
};
static_assert(sizeof(Madt) == 44);

struct MadtLocalApic {               // §5.2.12.2
    std::uint8_t type = 0;           // 0
    std::uint8_t length = 8;         // 1
    std::uint8_t processor_uid = 0;  // 2
    std::uint8_t apic_id = 0;        // 3
    ule32 flags;                     // 4
};
static_assert(sizeof(MadtLocalApic) == 8);

struct MadtIoApic {               // §5.2.12.3
    std::uint8_t type = 1;        // 0
    std::uint8_t length = 12;     // 1
    std::uint8_t io_apic_id = 0;  // 2
    std::uint8_t reserved = 0;    // 3
    ule32 address;                // 4
    ule32 first_gsi;              // 8
};
static_assert(sizeof(MadtIoApic) == 12);

struct MadtSourceOverride {    // §5.2.12.5
    std::uint8_t type = 2;     // 0
    std::uint8_t length = 10;  // 1
    std::uint8_t bus = 0;      // 2  ISA
    std::uint8_t source = 0;   // 3  the ISA interrupt
    ule32 gsi;                 // 4
    ule16 flags;               // 8  MPS INTI flags, table 5-26
};
static_assert(sizeof(MadtSourceOverride) == 10);

struct MadtLocalApicNmi {            // §5.2.12.7
    std::uint8_t type = 4;           // 0
    std::uint8_t length = 6;         // 1
    std::uint8_t processor_uid = 0;  // 2  0xff: all
    ule16 flags;                     // 3
    std::uint8_t lint = 0;           // 5
};
static_assert(sizeof(MadtLocalApicNmi) == 6);

struct MadtLocalX2Apic {       // §5.2.12.12
    std::uint8_t type = 9;     //  0
    std::uint8_t length = 16;  //  1
    ule16 reserved;            //  2
    ule32 x2apic_id;           //  4
    ule32 flags;               //  8
    ule32 processor_uid;       // 12
};
static_assert(sizeof(MadtLocalX2Apic) == 16);

struct MadtLocalX2ApicNmi {                  // §5.2.12.13
    std::uint8_t type = 10;                  // 0
    std::uint8_t length = 12;                // 1
    ule16 flags;                             // 2
    ule32 processor_uid;                     // 4  0xffffffff: all
    std::uint8_t lint = 0;                   // 8
    std::array<std::uint8_t, 3> reserved{};  // 9
};
static_assert(sizeof(MadtLocalX2ApicNmi) == 12);

[[nodiscard]] Bytes build_madt(const AcpiConfig& config);

}  // namespace siskin::acpi
