// SPDX-License-Identifier: Apache-2.0
// Fixed ACPI Description Table: the registers every operating system drives without AML.
#pragma once

#include "base/units.h"
#include "firmware/acpi/config.h"
#include "firmware/acpi/table_header.h"

namespace siskin::acpi {

struct Fadt {                               // ACPI 6.4 §5.2.9
    TableHeader header;                     //   0
    ule32 firmware_ctrl;                    //  36  the FACS
    ule32 dsdt;                             //  40
    std::uint8_t reserved0 = 0;             //  44
    std::uint8_t preferred_pm_profile = 0;  // 45
    ule16 sci_interrupt;                    //  46
    ule32 smi_command;                      //  48  zero: no SMM, the machine is always in ACPI mode
    std::uint8_t acpi_enable = 0;           //  52
    std::uint8_t acpi_disable = 0;          //  53
    std::uint8_t s4bios_request = 0;        //  54
    std::uint8_t pstate_control = 0;        //  55
    ule32 pm1a_event_block;                 //  56
    ule32 pm1b_event_block;                 //  60
    ule32 pm1a_control_block;               //  64
    ule32 pm1b_control_block;               //  68
    ule32 pm2_control_block;                //  72
    ule32 pm_timer_block;                   //  76
    ule32 gpe0_block;                       //  80
    ule32 gpe1_block;                       //  84
    std::uint8_t pm1_event_length = 0;      //  88
    std::uint8_t pm1_control_length = 0;    // 89
    std::uint8_t pm2_control_length = 0;    // 90
    std::uint8_t pm_timer_length = 0;       //  91
    std::uint8_t gpe0_length = 0;           //  92
    std::uint8_t gpe1_length = 0;           //  93
    std::uint8_t gpe1_base = 0;             //  94
    std::uint8_t cst_control = 0;           //  95
    ule16 c2_latency_us;                    //  96
    ule16 c3_latency_us;                    //  98
    ule16 flush_size;                       // 100
    ule16 flush_stride;                     // 102
    std::uint8_t duty_offset = 0;           // 104
    std::uint8_t duty_width = 0;            // 105
    std::uint8_t day_alarm = 0;             // 106
    std::uint8_t month_alarm = 0;           // 107
    std::uint8_t century = 0;               // 108
    ule16 boot_architecture;                // 109
    std::uint8_t reserved1 = 0;             // 111
    ule32 flags;                            // 112
    GenericAddress reset_register;          // 116
    std::uint8_t reset_value = 0;           // 128
    ule16 arm_boot_architecture;            // 129
    std::uint8_t minor_version = 0;         // 131
    ule64 x_firmware_ctrl;                  // 132
    ule64 x_dsdt;                           // 140
    GenericAddress x_pm1a_event_block;      // 148
    GenericAddress x_pm1b_event_block;      // 160
    GenericAddress x_pm1a_control_block;    // 172
    GenericAddress x_pm1b_control_block;    // 184
    GenericAddress x_pm2_control_block;     // 196
    GenericAddress x_pm_timer_block;        // 208
    GenericAddress x_gpe0_block;            // 220
    GenericAddress x_gpe1_block;            // 232
    GenericAddress sleep_control;           // 244
    GenericAddress sleep_status;            // 256
    std::array<char, 8> hypervisor_vendor{};  // 268
};
static_assert(sizeof(Fadt) == 276 && alignof(Fadt) == 1);

// The CMOS byte that holds the century (FADT.CENTURY): what PCs use.
inline constexpr std::uint8_t kCenturyIndex = 0x32;

// Both addresses lie below 4 GiB.
[[nodiscard]] Bytes build_fadt(const AcpiConfig& config, GuestAddress facs, GuestAddress dsdt);

}  // namespace siskin::acpi
