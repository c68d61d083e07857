// SPDX-License-Identifier: Apache-2.0
// Proves vmm/hmp/info_memory.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/info_memory") {
    TEST_CASE("memory back ends are shown as QEMU 7.2 shows them") {
        MonitorBench monitor;
        qmp::Memdev backend;
        backend.id = "m";
        backend.size = 4096;
        backend.share = true;
        backend.host_nodes = {0, 1};
        backend.policy = qmp::HostMemPolicy::Bind;
        monitor.machine.memory.push_back(backend);

        CHECK(monitor.run("info memdev") ==
              "memory backend: m\r\n  size:  4096\r\n  merge: false\r\n  dump: false\r\n"
              "  prealloc: false\r\n  share: true\r\n  reserve: true\r\n  policy: bind\r\n"
              "  host nodes: 0 1\r\n\r\n");
    }

    TEST_CASE("nodes are shown with their CPUs and sizes") {
        MonitorBench monitor;
        CHECK(monitor.run("info numa") == "0 nodes\r\n");
        monitor.machine.backend().nodes = {{{0, 1}, 64U << 20U}, {{}, 0}};

        CHECK(monitor.run("info numa") ==
              "2 nodes\r\nnode 0 cpus: 0 1\r\nnode 0 size: 64 MB\r\nnode 0 plugged: 0 MB\r\n"
              "node 1 cpus:\r\nnode 1 size: 0 MB\r\nnode 1 plugged: 0 MB\r\n");
    }

    TEST_CASE("the size of memory is told") {
        MonitorBench monitor;

        CHECK(monitor.run("info memory_size_summary") ==
              "base memory: 134217728\r\nplugged memory: 0\r\n");
    }
}

}  // namespace siskin::hmp
