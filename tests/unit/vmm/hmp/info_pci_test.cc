// SPDX-License-Identifier: Apache-2.0
// info pci.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/info_pci") {
    TEST_CASE("the host bridge has its class, identity and empty id") {
        MonitorBench monitor;

        CHECK(monitor.run("info pci") ==
              "  Bus  0, device   0, function 0:\r\n"
              "    Host bridge: PCI device 8086:29c0\r\n"
              "      id \"\"\r\n");
    }

    TEST_CASE("a port shows its windows, and what is behind it follows") {
        MonitorBench monitor;
        qmp::PciDeviceInfo disk;
        disk.bus = 1;
        disk.class_info.class_ = 0x1ff;
        disk.id.vendor = 0x1af4;
        disk.id.device = 0x1042;
        disk.id.subsystem_vendor = 0x1af4;
        disk.id.subsystem = 0x1100;
        disk.irq_pin = 1;
        disk.irq = 11;
        disk.qdev_id = "vb";
        qmp::PciMemoryRegion ports;
        ports.type = "io";
        ports.address = 0xc000;
        ports.size = 32;
        qmp::PciMemoryRegion memory;
        memory.bar = 4;
        memory.type = "memory";
        memory.address = -1;
        memory.size = 0x4000;
        memory.mem_type_64 = true;
        memory.prefetch = true;
        disk.regions = {ports, memory};
        qmp::PciDeviceInfo port;
        port.slot = 2;
        port.class_info.desc = "PCI bridge";
        port.id.vendor = 0x1b36;
        port.id.device = 0xc;
        qmp::PciBridgeInfo bridge;
        bridge.bus.secondary = 1;
        bridge.bus.subordinate = 1;
        bridge.bus.io_range = {0xf000, 0xfff};
        bridge.bus.memory_range = {0xfe000000, 0xfe0fffff};
        bridge.bus.prefetchable_range = {0xfff00000, 0xfffff};
        bridge.devices = std::vector{disk};
        port.pci_bridge = bridge;
        monitor.machine.functions() = {port};

        CHECK(monitor.run("info pci") ==
              "  Bus  0, device   2, function 0:\r\n"
              "    PCI bridge: PCI device 1b36:000c\r\n"
              "      BUS 0.\r\n"
              "      secondary bus 1.\r\n"
              "      subordinate bus 1.\r\n"
              "      IO range [0xf000, 0x0fff]\r\n"
              "      memory range [0xfe000000, 0xfe0fffff]\r\n"
              "      prefetchable memory range [0xfff00000, 0x000fffff]\r\n"
              "      id \"\"\r\n"
              "  Bus  1, device   0, function 0:\r\n"
              "    Class 01ff: PCI device 1af4:1042\r\n"
              "      PCI subsystem 1af4:1100\r\n"
              "      IRQ 11, pin A\r\n"
              "      BAR0: I/O at 0xc000 [0xc01f].\r\n"
              "      BAR4: 64 bit prefetchable memory at 0xffffffffffffffff [0x00003ffe].\r\n"
              "      id \"vb\"\r\n");
    }
}

}  // namespace siskin::hmp
