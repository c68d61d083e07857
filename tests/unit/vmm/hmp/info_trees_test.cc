// SPDX-License-Identifier: Apache-2.0
// info mtree, qom-tree and qtree.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {
namespace {

struct Trees : MonitorBench {
    Trees() {
        qmp_test::FakeBackend& view = machine.backend();
        view.objects.children = {{"peripheral", "container", {{"vb", "virtio-blk-pci", {}}}}};
        view.spaces = {{"I/O",
                        "io",
                        0xffff,
                        {{0x60, 0x60, "i/o", "i8042", 0}, {0x64, 0x64, "i/o", "i8042", 4}}}};
        QtreeDevice port{"pcie-root-port", "rp1", {}, {"class PCI bridge"}, {}};
        port.properties = {{"chassis", "uint8", Value(7)},
                           {"size", "size", Value(4096)},
                           {"multifunction", "bool", Value(false)},
                           {"addr", std::string(kPlainText), Value("01.0")},
                           {"drive", "str", Value("f0")},
                           {"romfile", "str", Value()}};
        port.buses = {{"rp1", "PCIE", {}}};
        view.devices.devices = {port};
    }
};

}  // namespace

TEST_SUITE("vmm/hmp/info_trees") {
    TEST_CASE("info mtree shows each space as a tree, -f as a flat view") {
        Trees monitor;

        CHECK(monitor.run("info mtree") ==
              "address-space: I/O\r\n"
              "  0000000000000000-000000000000ffff (prio 0, i/o): io\r\n"
              "    0000000000000060-0000000000000060 (prio 0, i/o): i8042\r\n"
              "    0000000000000064-0000000000000064 (prio 0, i/o): i8042 @0000000000000004\r\n"
              "\r\n");
        CHECK(monitor.run("info mtree -f")
                  .starts_with("FlatView #0\r\n AS \"I/O\", root: io\r\n"
                               " Root memory region: io\r\n"
                               "  0000000000000060-0000000000000060 (prio 0, i/o): i8042\r\n"));
        CHECK(monitor.run("info mtree -z").starts_with("mtree: unsupported option -z\r\n"));
    }

    TEST_CASE("info qom-tree shows all objects, or those below a path") {
        Trees monitor;

        CHECK(monitor.run("info qom-tree") ==
              "/machine (q35-machine)\r\n"
              "  /peripheral (container)\r\n"
              "    /vb (virtio-blk-pci)\r\n");
        CHECK(monitor.run("info qom-tree /machine/peripheral/vb") == "/vb (virtio-blk-pci)\r\n");
        CHECK(monitor.run("info qom-tree foo") == "Path 'foo' could not be resolved.\r\n");
        CHECK(monitor.run("info qom-tree /") == "Path '/' could not be resolved.\r\n");
    }

    TEST_CASE("info qtree shows buses, devices and properties") {
        Trees monitor;

        CHECK(monitor.run("info qtree") ==
              "bus: main-system-bus\r\n"
              "  type System\r\n"
              "  dev: pcie-root-port, id \"rp1\"\r\n"
              "    chassis = 7 (0x7)\r\n"
              "    size = 4096 (4 KiB)\r\n"
              "    multifunction = false\r\n"
              "    addr = 01.0\r\n"
              "    drive = \"f0\"\r\n"
              "    romfile = <null>\r\n"
              "    class PCI bridge\r\n"
              "    bus: rp1\r\n"
              "      type PCIE\r\n");
    }
}

}  // namespace siskin::hmp
