// SPDX-License-Identifier: Apache-2.0
// info block.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {
namespace {

qmp::BlockInfo disk(const std::string& device, const std::string& node) {
    qmp::BlockInfo info;
    info.device = device;
    info.inserted.emplace();
    info.inserted->node_name = node;
    info.inserted->file = "/tmp/" + node;
    info.inserted->drv = "raw";
    info.inserted->cache.writeback = true;
    info.inserted->image.filename = info.inserted->file;
    info.inserted->image.format = "raw";
    info.inserted->image.virtual_size = 1 << 30;
    info.inserted->image.actual_size = 4096;
    return info;
}

struct TwoDisks : MonitorBench {
    TwoDisks() {
        qmp::BlockInfo first = disk("d0", "node0");
        first.qdev = "/machine/peripheral/vb/virtio-backend";
        first.inserted->ro = true;
        qmp::BlockInfo second = disk("", "n1");
        second.removable = true;
        machine.disks() = {first, second};
    }
};

}  // namespace

TEST_SUITE("vmm/hmp/info_block") {
    TEST_CASE("a disk is shown with its node, file, device and cache") {
        TwoDisks monitor;

        CHECK(monitor.run("info block") ==
              "d0 (node0): /tmp/node0 (raw, read-only)\r\n"
              "    Attached to:      /machine/peripheral/vb/virtio-backend\r\n"
              "    Cache mode:       writeback\r\n"
              "\r\n"
              "n1: /tmp/n1 (raw)\r\n"
              "    Removable device: not locked, tray closed\r\n"
              "    Cache mode:       writeback\r\n");
    }

    TEST_CASE("-v shows the image, a name one disk, an unknown one nothing") {
        TwoDisks monitor;

        CHECK(monitor.run("info block -v d0")
                  .ends_with("\r\nImages:\r\nimage: /tmp/node0\r\nfile format: raw\r\n"
                             "virtual size: 1 GiB (1073741824 bytes)\r\ndisk size: 4 KiB\r\n"));
        CHECK(monitor.run("info block n1").starts_with("\r\nn1: /tmp/n1 (raw)\r\n"));
        CHECK(monitor.run("info block zz").empty());
        CHECK(monitor.run("info block a b").starts_with("block: extraneous characters"));
    }
}

}  // namespace siskin::hmp
