// SPDX-License-Identifier: Apache-2.0
// Reads every port at every width and writes nearly every one; the guest must come out alive.
#include <cstdint>

#include "tools/guest/runtime/acpi.h"
#include "tools/guest/runtime/check.h"
#include "tools/guest/runtime/io.h"
#include "tools/guest/runtime/pci.h"
#include "tools/guest/runtime/pm_timer.h"
#include "tools/guest/runtime/print.h"

using namespace siskin::guest;

namespace {

struct PortRange {
    std::uint16_t first;
    std::uint16_t last;
};

// A write there, of whatever value, may reset, power off, exit, or print.
constexpr PortRange kNeverWritten[] = {
    {0x60, 0x64},    // keyboard controller: reset line
    {0x7e, 0x7f},    // QEMU patches the instruction that writes there (kvmvapic)
    {0x92, 0x92},    // fast A20 and reset
    {0xb2, 0xb3},    // SMI command
    {0xe9, 0xe9},    // debug console: this guest's own report
    {0x402, 0x402},  // the other debug console
    {0x501, 0x508},  // debug exit, panic
    {0x510, 0x51b},  // fw_cfg: DMA to an address this sweep would choose
    {0xcf8, 0xcff},  // configuration ports and the reset register
};

PortRange power_block{};

bool may_write(std::uint32_t port, std::uint32_t width) {
    const auto touches = [port, width](const PortRange& range) {
        return port <= range.last && port + width > range.first;
    };
    for (const PortRange& range : kNeverWritten) {
        if (touches(range)) {
            return false;
        }
    }
    return !touches(power_block);
}

void read_all() {
    for (std::uint32_t port = 0; port < 0x10000; ++port) {
        const auto number = static_cast<std::uint16_t>(port);
        static_cast<void>(port_read8(number));
        static_cast<void>(port_read16(number));
        static_cast<void>(port_read32(number));
    }
}

void write_all(std::uint32_t value, std::uint32_t port_count) {
    for (std::uint32_t port = 0; port < port_count; ++port) {
        const auto number = static_cast<std::uint16_t>(port);
        if (may_write(port, 1)) {
            port_write8(number, static_cast<std::uint8_t>(value));
        }
        if (may_write(port, 2)) {
            port_write16(number, static_cast<std::uint16_t>(value));
        }
        if (may_write(port, 4)) {
            port_write32(number, value);
        }
    }
}

void string_accesses() {
    static std::uint8_t bytes[300];
    constexpr std::uint16_t kReadPorts[] = {0x3f8, 0x71, 0x1234, 0xcfc, 0xffff};
    constexpr std::uint16_t kWritePorts[] = {0x80, 0x1234, 0xffff};
    for (const std::uint16_t port : kReadPorts) {
        port_read_string8(port, bytes, sizeof(bytes));
    }
    for (const std::uint16_t port : kWritePorts) {
        port_write_string8(port, bytes, sizeof(bytes));
    }
    for (std::uint8_t& byte : bytes) {
        byte = '.';
    }
    port_write_string8(kDebugPort, bytes, 64);
    print('\n');
}

}  // namespace

void guest_start(const StartInfo* info) {
    static Acpi acpi;
    begin(info);
    read_acpi(*info, acpi);
    use_ecam(acpi.ecam);
    power_block =
        PortRange{acpi.pm1_event_port, static_cast<std::uint16_t>(acpi.pm1_event_port + 0x7f)};
    print("reading\n");
    read_all();
    print("strings\n");
    string_accesses();
    print("writing zeroes\n");
    write_all(0, 0x10000);
    print("writing ones\n");
    write_all(0xffffffff, 0x1000);
    print("alive\n");
    check(port_read8(0x1235) == 0xff, "a port nobody owns reads all ones");
    check(port_read16(0x1236) == 0xffff, "two bytes wide too");
    check(port_read32(0x1238) == 0xffffffff, "four bytes wide too");
    check(config_read32(make_bdf(0, 0, 0), 0) == 0x29c08086, "the host bridge still answers");
    use_pm_timer(acpi.pm_timer_port);
    const std::uint32_t before = read_pm_timer();
    check(read_pm_timer() != before || read_pm_timer() != before, "the timer still runs");
    finish();
}
