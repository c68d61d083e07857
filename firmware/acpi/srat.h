// SPDX-License-Identifier: Apache-2.0
// System Resource Affinity Table: the NUMA node of each processor and of each range of memory.
#pragma once

#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

struct Srat {            // ACPI 6.4 §5.2.16
    TableHeader header;  //  0
    ule32 reserved_1;    // 36  always 1
    ule64 reserved;      // 40
};
static_assert(sizeof(Srat) == 48);

struct SratLocalApic {                        // §5.2.16.1
    std::uint8_t type = 0;                    //  0
    std::uint8_t length = 16;                 //  1
    std::uint8_t node_low = 0;                //  2  proximity domain, bits 0 to 7
    std::uint8_t apic_id = 0;                 //  3
    ule32 flags;                              //  4
    std::uint8_t local_sapic_eid = 0;         //  8
    std::array<std::uint8_t, 3> node_high{};  //  9  bits 8 to 31
    ule32 clock_domain;                       // 12
};
static_assert(sizeof(SratLocalApic) == 16);

struct SratMemory {            // §5.2.16.2
    std::uint8_t type = 1;     //  0
    std::uint8_t length = 40;  //  1
    ule32 node;                //  2
    ule16 reserved_1;          //  6
    ule64 base;                //  8
    ule64 size;                // 16
    ule32 reserved_2;          // 24
    ule32 flags;               // 28
    ule64 reserved_3;          // 32
};
static_assert(sizeof(SratMemory) == 40);

struct SratLocalX2Apic {       // §5.2.16.3
    std::uint8_t type = 2;     //  0
    std::uint8_t length = 24;  //  1
    ule16 reserved_1;          //  2
    ule32 node;                //  4
    ule32 x2apic_id;           //  8
    ule32 flags;               // 12
    ule32 clock_domain;        // 16
    ule32 reserved_2;          // 20
};
static_assert(sizeof(SratLocalX2Apic) == 24);

// config.numa is there.
[[nodiscard]] Bytes build_srat(const AcpiConfig& config);

}  // namespace siskin::acpi
