// SPDX-License-Identifier: Apache-2.0
// The FADT.
#include "firmware/acpi/fadt.h"

namespace siskin::acpi {
namespace {

constexpr std::uint8_t kMajorVersion = 6;
constexpr std::uint8_t kMinorVersion = 4;

// IAPC_BOOT_ARCH, §5.2.9.3
constexpr unsigned kLegacyDevices = 1U << 0;
constexpr unsigned k8042 = 1U << 1;
constexpr unsigned kVgaNotPresent = 1U << 2;
constexpr unsigned kCmosRtcNotPresent = 1U << 5;

// Fixed feature flags, §5.2.9 table 5-10. PWR_BUTTON stays clear: the power button is the fixed
// one of PM1. SLP_BUTTON set: there is no sleep button.
constexpr unsigned kWbinvd = 1U << 0;
constexpr unsigned kProcC1 = 1U << 2;
constexpr unsigned kSleepButtonAbsent = 1U << 5;
constexpr unsigned kRtcWakeNotFixed = 1U << 6;
constexpr unsigned kTimerIs32Bit = 1U << 8;
constexpr unsigned kResetRegister = 1U << 10;

// Latencies above these say that C2 and C3 are not there (§5.2.9: P_LVL2_LAT, P_LVL3_LAT).
constexpr std::uint16_t kNoC2Latency = 101;
constexpr std::uint16_t kNoC3Latency = 1001;

GenericAddress io_register(std::uint32_t port, std::uint8_t length_bytes, AccessSize access) {
    GenericAddress address;
    address.space = AddressSpace::SystemIo;
    address.bit_width = static_cast<std::uint8_t>(length_bytes * 8);
    address.access_size = access;
    address.address = port;
    return address;
}

void set_pm_blocks(Fadt& fadt, const PmConfig& pm) {
    const std::uint32_t event = std::uint32_t{pm.base} + PmConfig::kEventOffset;
    const std::uint32_t control = std::uint32_t{pm.base} + PmConfig::kControlOffset;
    const std::uint32_t timer = std::uint32_t{pm.base} + PmConfig::kTimerOffset;
    const std::uint32_t gpe0 = std::uint32_t{pm.base} + PmConfig::kGpe0Offset;
    fadt.pm1a_event_block = event;
    fadt.pm1a_control_block = control;
    fadt.pm_timer_block = timer;
    fadt.gpe0_block = gpe0;
    fadt.pm1_event_length = PmConfig::kEventLength;
    fadt.pm1_control_length = PmConfig::kControlLength;
    fadt.pm_timer_length = PmConfig::kTimerLength;
    fadt.gpe0_length = PmConfig::kGpe0Length;
    fadt.x_pm1a_event_block = io_register(event, PmConfig::kEventLength, AccessSize::Word);
    fadt.x_pm1a_control_block = io_register(control, PmConfig::kControlLength, AccessSize::Word);
    fadt.x_pm_timer_block = io_register(timer, PmConfig::kTimerLength, AccessSize::Dword);
    fadt.x_gpe0_block = io_register(gpe0, PmConfig::kGpe0Length, AccessSize::Byte);
}

std::uint16_t boot_architecture(const AcpiConfig& config) {
    return static_cast<std::uint16_t>((config.com1_present ? kLegacyDevices : 0U) |
                                      (config.i8042_present ? k8042 : 0U) |
                                      (config.vga_present ? 0U : kVgaNotPresent) |
                                      (config.rtc_present ? 0U : kCmosRtcNotPresent));
}

}  // namespace

Bytes build_fadt(const AcpiConfig& config, GuestAddress facs, GuestAddress dsdt) {
    Fadt fadt;
    fadt.header = make_header("FACP", kMajorVersion);
    fadt.minor_version = kMinorVersion;
    // §5.2.9: a FACS below 4 GiB is told here alone; the two DSDT fields may both be set.
    fadt.firmware_ctrl = static_cast<std::uint32_t>(facs.value());
    fadt.dsdt = static_cast<std::uint32_t>(dsdt.value());
    fadt.x_dsdt = dsdt.value();
    fadt.sci_interrupt = static_cast<std::uint16_t>(config.sci.value());
    set_pm_blocks(fadt, config.pm);
    fadt.c2_latency_us = kNoC2Latency;
    fadt.c3_latency_us = kNoC3Latency;
    fadt.century = config.rtc_present ? kCenturyIndex : std::uint8_t{0};
    fadt.boot_architecture = boot_architecture(config);
    fadt.flags = kWbinvd | kProcC1 | kSleepButtonAbsent | kRtcWakeNotFixed | kResetRegister |
                 (config.pm.timer_is_32_bit ? kTimerIs32Bit : 0U);
    fadt.reset_register = io_register(config.reset.port, 1, AccessSize::Byte);
    fadt.reset_value = config.reset.value;
    fadt.hypervisor_vendor = {'S', 'I', 'S', 'K', 'I', 'N', ' ', ' '};
    Bytes bytes;
    append_object(bytes, fadt);
    return finish_table(std::move(bytes));
}

}  // namespace siskin::acpi
