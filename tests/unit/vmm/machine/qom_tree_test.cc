// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/qom_tree: paths, partial paths, links, and what objects show.
#include "vmm/machine/qom_tree.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/vmm/machine/hotplug_bench.h"
#include "vmm/machine/monitors.h"

namespace siskin::test {
namespace {

constexpr const char* kDisk = "/machine/peripheral/n0";

// Two root ports, a disk below the first, an object, a character device, a monitor, two vCPUs.
struct QomBench : HotplugBench {
    QomBench() {
        const bool added =
            objects
                .add(std::move(*plan_object(Value::Dict{{"qom-type", "iothread"}, {"id", "io0"}})))
                .has_value();
        SISKIN_ASSERT(added);
        environment.hot_plugging = false;
        Value::Dict members = disk("n0", "rp1", "d0");
        members.set("iothread", "io0");
        build(members);
        Value::Dict nameless = disk("", "rp2", "d1");
        nameless.erase("id");
        build(nameless);
        build({{"driver", "pxb-pcie"}, {"id", "px"}, {"bus_nr", 128}});
        build({{"driver", "pcie-root-port"}, {"id", "rp3"}, {"bus", "px"}, {"chassis", 3}});
        ChardevConfig chardev;
        chardev.id = "c0";
        SISKIN_ASSERT(chardevs.add(chardev, loop, pci.lock).has_value());
        monitors.resize(1);
        monitors.front().chardev.id = "compat_monitor0";
        monitors.front().chardev.backend = ChardevBackend::Socket;
        config.topology.cores = 2;
    }

    [[nodiscard]] QomTree tree() {
        return QomTree(QomParts{config, devices, objects, chardevs, &monitors});
    }
    // The path of what is found, or the error.
    [[nodiscard]] std::string find(std::string_view path) {
        const auto node = tree().find(path);
        return node ? node->path : node.error().message;
    }
    // "type value", or "none".
    [[nodiscard]] std::string property(std::string_view path, std::string_view name) {
        const QomTree view = tree();
        const auto node = view.find(path);
        SISKIN_ASSERT(node.has_value());
        for (const QomProperty& property : view.properties(*node)) {
            if (property.name == name) {
                return concat(property.type, ' ', display(property.get()));
            }
        }
        return "none";
    }
    [[nodiscard]] std::vector<std::string> children(std::string_view path) {
        const QomTree view = tree();
        std::vector<std::string> names;
        for (const QomNode& child : view.children(*view.find(path))) {
            names.push_back(concat(child.name(), ' ', child.type));
        }
        return names;
    }

    MemoryBackends memory;
    Objects objects{ObjectEnvironment{io_threads, memory, disks->throttle_groups()}};
    std::vector<MonitorEndpoint> monitors;
    MachineConfig config;
};

// Every object by its own path, each below the one it was found in.
std::vector<std::string> all_paths(const QomTree& tree, const QomNode& node) {
    std::vector<std::string> paths{node.path};
    for (const QomNode& child : tree.children(node)) {
        const auto below = all_paths(tree, child);
        paths.insert(paths.end(), below.begin(), below.end());
    }
    return paths;
}

}  // namespace

TEST_SUITE("vmm/machine/qom_tree") {
    TEST_CASE("every object is found by its path, and is told as a child of the one above") {
        QomBench bench;
        const QomTree tree = bench.tree();
        const auto paths = all_paths(tree, tree.root());

        CHECK(paths.size() == 26);
        for (const std::string& path : paths) {
            CAPTURE(path);
            CHECK(bench.find(path) == path);
            const std::size_t slash = path.rfind('/');
            const std::string above = slash == 0 ? "/" : path.substr(0, slash);
            const std::string told = bench.property(above, path.substr(slash + 1));
            CHECK((path == "/" || told.ends_with(concat("> ", path))));
        }
    }

    TEST_CASE("slashes that follow each other are one, and one at the end is none") {
        QomBench bench;
        CHECK(bench.find("//machine///peripheral/n0/") == kDisk);
        CHECK(bench.find("///") == "/");
        CHECK(bench.find("n0///virtio-backend/") == concat(kDisk, "/virtio-backend"));
    }

    TEST_CASE("the end of a path is enough where it leads to one object") {
        QomBench bench;
        CHECK(bench.find("n0") == kDisk);
        CHECK(bench.find("peripheral/n0") == kDisk);
        CHECK(bench.find("rp1/rp1") == "/machine/peripheral/rp1/rp1");
        CHECK(bench.find("compat_monitor0") == "/chardevs/compat_monitor0");
    }

    TEST_CASE("an end that leads to several objects is ambiguous, and so is an empty one") {
        QomBench bench;
        CHECK(bench.find("rp1") == "Path 'rp1' is ambiguous");
        CHECK(bench.find("virtio-backend") == "Path 'virtio-backend' is ambiguous");
        CHECK(bench.find("parent_bus") == "Path 'parent_bus' is ambiguous");
        CHECK(bench.find("") == "Path '' is ambiguous");
    }

    TEST_CASE("what leads nowhere is not found, whatever it begins or ends with") {
        QomBench bench;
        for (const std::string_view path :
             {"/nope", "/machine/nope", "/machine/peripheral/n", "/machine/peripheral/n0/nope",
              "/n0", "nope", "n0/nope", "/machine/unattached/device[2]",
              "/machine/unattached/device[00]", "/machine/peripheral-anon/n0", "/objects/io0/io0",
              "/peripheral", "/machine/machine", "/chardevs/io0"}) {
            CAPTURE(path);
            const auto node = bench.tree().find(path);
            REQUIRE_FALSE(node.has_value());
            CHECK(node.error().error_class == ErrorClass::DeviceNotFound);
            CHECK(node.error().message == concat("Device '", path, "' not found"));
        }
    }

    TEST_CASE("a link is followed, alone or on the way") {
        QomBench bench;
        CHECK(bench.find("/machine/peripheral/n0/parent_bus") == "/machine/peripheral/rp1/rp1");
        CHECK(bench.find("/machine/peripheral/n0/iothread") == "/objects/io0");
        CHECK(bench.find("n0/iothread") == "/objects/io0");
        CHECK(bench.find("/machine/peripheral/rp1/parent_bus") == "/machine/q35/pcie.0");
        CHECK(bench.find("/machine/peripheral/rp3/parent_bus") == "/machine/peripheral/px/px");
        // One that names nothing leads nowhere.
        CHECK(bench.find("/machine/peripheral-anon/device[0]/iothread") ==
              "Device '/machine/peripheral-anon/device[0]/iothread' not found");
    }

    TEST_CASE("the machine's RAM is linked where there is one, and not where nodes have it") {
        QomBench bench;
        CHECK(bench.property("/machine", "memory-backend") ==
              "link<memory-backend> /objects/pc.ram");
        bench.config.machine.memory_backend = "io0";
        CHECK(bench.find("/machine/memory-backend") == "/objects/io0");
        bench.config.machine.memory_backend.clear();
        bench.config.numa_options.nodes.emplace_back();
        CHECK(bench.property("/machine", "memory-backend") == "link<memory-backend> ");
    }

    TEST_CASE("a device shows what was chosen for it where nothing was said") {
        QomBench bench;
        CHECK(bench.property(kDisk, "num-queues") == "uint16 1");
        CHECK(bench.property(kDisk, "vectors") == "uint32 2");
        CHECK(bench.property(kDisk, "logical_block_size") == "size 512");
        CHECK(bench.property(kDisk, "cyls") == "uint32 2");
        CHECK(bench.property(kDisk, "heads") == "uint32 16");
        CHECK(bench.property(kDisk, "bootindex") == "int32 -1");
        CHECK(bench.property(kDisk, "romsize") == "uint32 4294967295");
        CHECK(bench.property("/machine/peripheral/rp1", "bus-reserve") == "uint32 4294967295");
        CHECK(bench.property("/machine/peripheral/rp1", "mem-reserve") ==
              "size 18446744073709551615");
    }

    TEST_CASE("a device shows where it is and how it came, and not the bus it was asked for") {
        QomBench bench;
        CHECK(bench.property(kDisk, "type") == "string virtio-blk-pci");
        CHECK(bench.property(kDisk, "parent_bus") == "link<bus> /machine/peripheral/rp1/rp1");
        CHECK(bench.property(kDisk, "hotplugged") == "bool off");
        CHECK(bench.property(kDisk, "hotpluggable") == "bool on");
        CHECK(bench.property(kDisk, "iothread") == "link<iothread> /objects/io0");
        CHECK(bench.property("/machine/peripheral/rp2", "addr") == "int32 8");
        CHECK(bench.property(kDisk, "bus") == "none");
    }

    TEST_CASE("no object has two properties of one name") {
        QomBench bench;
        const QomTree tree = bench.tree();
        for (const std::string& path : all_paths(tree, tree.root())) {
            CAPTURE(path);
            std::vector<std::string> names;
            for (const QomProperty& property : tree.properties(*tree.find(path))) {
                names.push_back(property.name);
            }
            std::sort(names.begin(), names.end());
            CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
        }
    }

    TEST_CASE("character devices of the machine and of monitors are listed with their types") {
        QomBench bench;
        CHECK(bench.children("/chardevs") == std::vector<std::string>{"c0 chardev-null",
                                                                      "compat_monitor0 "
                                                                      "chardev-socket"});
        const QomTree without(QomParts{bench.config, bench.devices, bench.objects, bench.chardevs});
        CHECK(without.children(*without.find("/chardevs")).size() == 1);
    }

    TEST_CASE("vCPUs are counted through, and each tells its place") {
        QomBench bench;
        CHECK(bench.children("/machine/unattached").size() == 2);
        CHECK(bench.property("/machine/unattached/device[1]", "core-id") == "int32 1");
        CHECK(bench.property("/machine/unattached/device[1]", "apic-id") == "uint32 1");
        CHECK(bench.property("/machine/unattached/device[1]", "node-id") == "none");
    }
}

}  // namespace siskin::test
