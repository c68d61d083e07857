// SPDX-License-Identifier: Apache-2.0
// pcie_aer_inject_error.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/pci_error_command") {
    TEST_CASE("an error by name, by number, and as what the options say") {
        MonitorBench monitor;

        CHECK(monitor.run("pcie_aer_inject_error vb POISON_TLP") ==
              "OK id: vb root bus: 0000:00, bus: 1f devfn: 2.1\r\n");
        monitor.run("pcie_aer_inject_error -a vb 0x1000");
        monitor.run("pcie_aer_inject_error -c vb 0x1000");
        monitor.run("pcie_aer_inject_error vb BAD_TLP");

        const auto& errors = monitor.machine.backend().pci_errors;
        REQUIRE(errors.size() == 4);
        CHECK(errors[0].status == 0x1000);
        CHECK_FALSE(errors[0].correctable);
        CHECK(errors[1].advisory);
        CHECK(errors[2].correctable);
        CHECK(errors[2].status == 0x1000);
        CHECK(errors[3].correctable);
        CHECK(errors[3].status == 0x40);
        CHECK_FALSE(errors[0].header.has_value());
    }

    TEST_CASE("header and prefix words follow; missing ones are 0") {
        MonitorBench monitor;

        monitor.run("pcie_aer_inject_error vb MALF_TLP 1 2 0x3 4 5 6");

        REQUIRE(monitor.machine.backend().pci_errors.size() == 1);
        const PciError& error = monitor.machine.backend().pci_errors[0];
        CHECK(error.header == std::array<std::uint32_t, 4>{1, 2, 3, 4});
        CHECK(error.prefix == std::array<std::uint32_t, 4>{5, 6, 0, 0});
    }

    TEST_CASE("what is wrong is said in QEMU's words, and nothing is injected") {
        MonitorBench monitor;

        CHECK(monitor.run("pcie_aer_inject_error nope DLP") ==
              "id or pci device path is invalid or device not found. nope\r\n");
        CHECK(monitor.run("pcie_aer_inject_error vb NONSENSE") ==
              "invalid error status value. \"NONSENSE\"\r\n");
        CHECK(monitor.run("pcie_aer_inject_error vb 0x30") ==
              "failed to inject error: Invalid argument\r\n");
        CHECK(monitor.run("pcie_aer_inject_error vb 0x1") ==
              "failed to inject error: Invalid argument\r\n");
        CHECK(monitor.run("pcie_aer_inject_error vb") ==
              "pcie_aer_inject_error: string expected\r\nTry \"help pcie_aer_inject_error\" for "
              "more information\r\n");
        CHECK(monitor.machine.backend().pci_errors.empty());
    }
}

}  // namespace siskin::hmp
