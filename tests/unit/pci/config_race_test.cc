// SPDX-License-Identifier: Apache-2.0
// Proves pci/host_bridge with two vCPUs at it: ports and ECAM, with BARs that move. For TSan, too.
#include "pci/host_bridge.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "pci/spec.h"
#include "tests/harness/driver_pci.h"

using namespace siskin;
using namespace siskin::pci_spec;

namespace {

constexpr Bdf kFirst{0, DevFn::of(3, 0)};
constexpr Bdf kSecond{0, DevFn::of(4, 0)};
constexpr unsigned kRounds = 3000;

struct Race {
    Race() {
        first.add_probe_bar(0, BarKind::Memory32, 0x1000);
        second.add_probe_bar(0, BarKind::Memory32, 0x1000);
        first.plug();
        second.plug();
    }
    std::uint64_t ecam_of(Bdf bdf, unsigned offset) const {
        return PciMachine::kEcamBase + (std::uint64_t{bdf.bus} << 20) +
               (std::uint64_t{bdf.devfn.value()} << 12) + offset;
    }

    PciMachine machine;
    ProbeFunction first{machine.place(machine.host.root(), kFirst.devfn), 1};
    ProbeFunction second{machine.place(machine.host.root(), kSecond.devfn), 2};
};

// Each vCPU looks addresses up by itself.
struct Vcpu {
    explicit Vcpu(PciMachine& machine)
        : memory(machine.memory, machine.lock), ports(machine.ports, machine.lock) {}

    AddressSpaceReader memory;
    AddressSpaceReader ports;
};

}  // namespace

TEST_SUITE("pci/host_bridge") {
    TEST_CASE("a vCPU at 0xcf8 and one at ECAM that moves BARs each see what they wrote (P07)") {
        Race race;
        std::atomic<unsigned> wrong{0};

        std::thread by_ports([&] {
            Vcpu vcpu(race.machine);
            for (unsigned round = 0; round < kRounds; ++round) {
                // Interrupt Line of the first function, by a byte in the middle of the dword.
                vcpu.ports.write(0xcf8, 4, 0x80001800 | kInterruptLine);
                vcpu.ports.write(0xcfc, 1, round & 0xff);
                wrong += vcpu.ports.read(0xcfc, 1) != (round & 0xff) ? 1 : 0;
                wrong += vcpu.ports.read(0xcf8, 4) != (0x80001800 | kInterruptLine) ? 1 : 0;
                wrong += vcpu.ports.read(0xcfe, 4) == 0 ? 1 : 0;  // crosses the end: has ones
            }
        });
        std::thread by_ecam([&] {
            Vcpu vcpu(race.machine);
            for (unsigned round = 0; round < kRounds; ++round) {
                const std::uint64_t bar = 0xe0000000 + (round % 5) * 0x1000U;
                vcpu.memory.write(race.ecam_of(kSecond, kBar0), 4, bar);
                vcpu.memory.write(race.ecam_of(kSecond, kCommand), 2, kCommandMemory);
                wrong += vcpu.memory.read(bar, 1) != 2 ? 1 : 0;
                wrong += vcpu.memory.read(race.ecam_of(kFirst, 0), 4) != 0x10f01af4 ? 1 : 0;
                vcpu.memory.write(race.ecam_of(kSecond, kCommand), 2, 0);
                wrong += vcpu.memory.read(bar, 1) != 0xff ? 1 : 0;
            }
        });
        by_ports.join();
        by_ecam.join();

        CHECK(wrong == 0);
    }

    TEST_CASE("odd sizes and places at the configuration ports touch what they name alone (P07)") {
        Race race;
        DriverPci driver(race.machine);
        driver.port_write(0xcf8, 4, 0x80001800 | kInterruptLine);
        driver.port_write(0xcfc, 4, 0);

        driver.port_write(0xcfc, 1, 0x5a);
        CHECK(driver.port_read(0xcfc, 1) == 0x5a);
        driver.port_write(0xcfb, 1, 0x80);  // of CONFIG_ADDRESS, by a byte: dropped
        driver.port_write(0xcf9, 4, 0);     // begins in the address, ends in the data
        driver.port_write(0xcf8, 1, 0);
        CHECK(driver.port_read(0xcf8, 4) == (0x80001800U | kInterruptLine));
        CHECK(driver.read(kFirst, kInterruptLine, 1) == 0x5a);
        driver.port_write(0xcf8, 4, 0x00001800 | kInterruptLine);
        driver.port_write(0xcfc, 1, 0x11);  // the enable bit is clear

        CHECK(driver.port_read(0xcfc, 1) == 0xff);
        CHECK(driver.read(kFirst, kInterruptLine, 1) == 0x5a);
    }
}
