// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/device_catalog: every PCI type is made and has sound capability lists.
#include "vmm/machine/device_catalog.h"

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pci/spec.h"
#include "tests/harness/listening_back_end.h"
#include "tests/unit/vmm/machine/hotplug_bench.h"

namespace siskin::test {
namespace {

using namespace pci_spec;

// What makes one of each, in an order in which each finds its place. A type that has several faces
// is there with each.
const std::vector<Value::Dict>& examples() {
    static const std::vector<Value::Dict> kAll{
        {{"driver", "pcie-root-port"}, {"id", "r"}, {"chassis", 3}, {"bus-reserve", 2}},
        {{"driver", "ioh3420"}, {"id", "io"}, {"chassis", 4}},
        {{"driver", "x3130-upstream"}, {"id", "up"}, {"bus", "r"}},
        {{"driver", "xio3130-downstream"}, {"id", "dn"}, {"bus", "up"}, {"chassis", 5}},
        {{"driver", "pcie-pci-bridge"}, {"id", "eb"}, {"bus", "dn"}},
        {{"driver", "pci-bridge"}, {"id", "pb"}, {"bus", "eb"}, {"chassis_nr", 6}},
        {{"driver", "pxb-pcie"}, {"id", "px"}, {"bus_nr", 128}},
        {{"driver", "siskin-vga-test"}, {"id", "vga"}, {"bus", "pb"}},
        {{"driver", "virtio-blk-pci"}, {"id", "plain"}, {"drive", "d0"}},
        {{"driver", "virtio-blk-pci-non-transitional"}, {"id", "modern"}, {"drive", "d2"}},
        {{"driver", "vhost-user-blk-pci"}, {"id", "elsewhere"}, {"bus", "rp2"}, {"chardev", "c0"}},
        {{"driver", "virtio-scsi-pci"}, {"id", "scsi"}},
        {{"driver", "virtio-scsi-pci-non-transitional"}, {"id", "scsi-modern"}},
        {{"driver", "virtio-scsi-pci-transitional"}, {"id", "scsi-old"}},
        {{"driver", "virtio-blk-pci-transitional"}, {"id", "old"}, {"drive", "d3"}},
        {{"driver", "virtio-blk-pci"},
         {"id", "full"},
         {"bus", "rp1"},
         {"drive", "d1"},
         {"aer", true},
         {"ats", true},
         {"x-siskin-ari", true},
         {"x-siskin-serial-number", 7}},
    };
    return kAll;
}

std::size_t size_of_space(const PciFunction& function) {
    return function.config().size();
}

// PCI Local Bus 3.0 §6.7: at least 4 bytes each, aligned, behind the header, no byte in two.
std::string walk(const PciFunction& function) {
    const ConfigSpace& config = function.config();
    std::array<bool, 64> taken{};
    unsigned at = config.get8(kCapabilityPointer);
    const bool announced = (config.get16(kStatus) & 0x10) != 0;
    if (announced != (at != 0)) {
        return "Status and pointer disagree";
    }
    while (at != 0) {
        if (at < kFirstFreeOffset || at % 4 != 0 || taken.at(at / 4)) {
            return concat("entry at ", hex(at));
        }
        taken.at(at / 4) = true;
        if (config.get8(at) == 0) {
            return concat("no identity at ", hex(at));
        }
        at = config.get8(at + 1);
    }
    return "";
}

// PCIe 5.0 §7.6.3: the first at 0x100, each with a version, inside the space; an empty list is 0.
std::string walk_extended(const PciFunction& function) {
    const ConfigSpace& config = function.config();
    std::array<bool, 1024> taken{};
    unsigned at = config.size() > 0x100 && config.get32(0x100) != 0 ? 0x100 : 0;
    while (at != 0) {
        const std::uint32_t head = config.get32(at);
        if (at < 0x100 || at % 4 != 0 || at + 4 > config.size() || taken.at(at / 4)) {
            return concat("entry at ", hex(at));
        }
        taken.at(at / 4) = true;
        if ((head & 0xffff) == 0 || (head >> 16 & 0xf) == 0) {
            return concat("no identity or version at ", hex(at));
        }
        if ((head & 0xffff) == 0x10) {
            return "SR-IOV";
        }
        at = head >> 20;
    }
    return "";
}

}  // namespace

TEST_SUITE("vmm/machine/device_catalog") {
    TEST_CASE(
        "the capability lists of every PCI type are sound, and no type has SR-IOV (P12, P16)") {
        HotplugBench bench;
        bench.environment.hot_plugging = false;
        REQUIRE(bench.blocks
                    .add(*read_node_options(
                        {{"driver", "null-co"}, {"node-name", "d3"}, {"read-zeroes", true}},
                        OptionForm::Json))
                    .has_value());
        const std::string socket = bench.directory.path("socket");
        const ListeningBackEnd back_end(socket, 65536);
        REQUIRE(bench.chardevs.add(ListeningBackEnd::chardev(socket), bench.loop, bench.pci.lock)
                    .has_value());
        std::map<std::string_view, unsigned> seen;
        for (const Value::Dict& example : examples()) {
            const std::string driver = example.text("driver");
            CAPTURE(driver);
            bench.build(example);
            const auto* const entry = bench.devices.find(example.text("id"));
            REQUIRE(entry != nullptr);
            const auto* const function = dynamic_cast<const PciFunction*>(entry->device.get());
            REQUIRE(function != nullptr);

            CHECK(walk(*function) == "");
            CHECK(walk_extended(*function) == "");
            CHECK((function->express_type().has_value() || size_of_space(*function) == 256));
            ++seen[find_device_type(driver)->type->name];
        }
        for (const CatalogRow& row : device_catalog()) {
            CAPTURE(row.type->name);
            const bool is_pci = row.type->bus == "PCI";
            CHECK((seen[row.type->name] != 0) == is_pci);
        }
    }
}

}  // namespace siskin::test
