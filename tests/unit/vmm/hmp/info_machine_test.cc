// SPDX-License-Identifier: Apache-2.0
// info: the short ones.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/info_machine") {
    TEST_CASE("info status follows the run state") {
        MonitorBench monitor;

        CHECK(monitor.run("info status") == "VM status: paused (prelaunch)\r\n");
        CHECK(monitor.run("cont").empty());
        CHECK(monitor.run("info status") == "VM status: running\r\n");
        CHECK(monitor.run("stop").empty());
        CHECK(monitor.run("info status") == "VM status: paused\r\n");
    }

    TEST_CASE("version, name, UUID and KVM are those of the queries") {
        MonitorBench monitor;

        CHECK(monitor.run("info version") == "7.2.0 (siskin-test)\r\n");
        CHECK(monitor.run("info name").empty());
        CHECK(monitor.run("info uuid") == "00000000-0000-0000-0000-000000000000\r\n");
        CHECK(monitor.run("info kvm") == "kvm support: enabled\r\n");
    }

    TEST_CASE("CPUs, with a star at the chosen one, character devices, I/O threads") {
        MonitorBench monitor;
        monitor.machine.backend().threads = {{"io0", 42, 32768, 3, 2}};

        CHECK(monitor.run("info cpus") == "* CPU #0: thread_id=1\r\n");
        monitor.state.cpu = 1;
        CHECK(monitor.run("info cpus") == "  CPU #0: thread_id=1\r\n");
        CHECK(monitor.run("info chardev") ==
              "compat_monitor0: filename=unix:monitor,server=on\r\n");
        CHECK(monitor.run("info iothreads") ==
              "io0:\r\n  thread_id=42\r\n  poll-max-ns=32768\r\n  poll-grow=3\r\n"
              "  poll-shrink=2\r\n  aio-max-batch=0\r\n");
    }

    TEST_CASE("each place for a CPU, with as much of it as is told") {
        MonitorBench monitor;

        CHECK(monitor.run("info hotpluggable-cpus") ==
              "Hotpluggable CPUs:\r\n"
              "  type: \"host-x86_64-cpu\"\r\n"
              "  vcpus_count: \"1\"\r\n"
              "  qom_path: \"/machine/unattached/device[0]\"\r\n"
              "  CPUInstance Properties:\r\n"
              "    die-id: \"2\"\r\n"
              "    core-id: \"0\"\r\n");
    }

    TEST_CASE("mice are those of query-mice, with a star at the one that is moved") {
        MonitorBench monitor;
        monitor.machine.mice = {{"first", 2, true, false}, {"second", 3, false, true}};

        CHECK(monitor.run("info mice") == "* Mouse #2: first\r\n  Mouse #3: second (absolute)\r\n");
    }

    TEST_CASE("what the machine does not have is not there") {
        MonitorBench monitor;

        CHECK(monitor.run("info mice") == "No mouse devices connected\r\n");
        CHECK(monitor.run("info network").empty());
        CHECK(monitor.run("info irq") ==
              "IRQ statistics not available for kvm-ioapic.\r\n"
              "IRQ statistics not available for kvm-i8259.\r\n"
              "irqfd: 3 vectors\r\n"
              "ioeventfd: 1 doorbells\r\n");
    }
}

}  // namespace siskin::hmp
