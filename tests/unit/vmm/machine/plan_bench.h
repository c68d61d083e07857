// SPDX-License-Identifier: Apache-2.0
// PlanBench: a HotplugBench with a disk in one of its ports, and plans of what else might come.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "tests/unit/vmm/machine/hotplug_bench.h"
#include "vmm/machine/device_planner.h"

namespace siskin::test {

using Texts = std::vector<std::string>;

inline qmp::DeviceDescription device(const std::string& driver, const std::string& id,
                                     const std::string& bus, Value::Dict further = {}) {
    qmp::DeviceDescription description;
    description.driver = driver;
    if (!id.empty()) {
        description.id = id;
    }
    if (!bus.empty()) {
        description.bus = bus;
    }
    description.further = std::move(further);
    return description;
}

inline qmp::DeviceDescription disk(const std::string& id, const std::string& bus,
                                   const std::string& drive) {
    return device("virtio-blk-pci", id, bus, {{"drive", drive}});
}

// A HotplugBench with a disk n0 in rp1.
struct PlanBench : HotplugBench {
    explicit PlanBench(HotplugWay way = HotplugWay::Acpi) : HotplugBench(way) {
        const std::string added = add(HotplugBench::disk("n0", "rp1", "d0"));
        SISKIN_ASSERT(added.empty());
        static_cast<void>(steps());
    }
    static PlanOptions options(bool hot_plug) {
        PlanOptions options;
        options.hot_plug = hot_plug;
        options.apertures = {{0xc0000000, 512 * kMiB}, {kGiB << 9U, kGiB << 5U}, {0x6000, 0xa000}};
        options.interrupt_line = [](IntxInput input) {
            return static_cast<std::uint8_t>(16 + input.pin);
        };
        return options;
    }
    qmp::MachinePlan plan(const std::vector<qmp::DeviceDescription>& wanted, PlanOptions how) {
        DevicePlanner planner(environment, std::move(how));
        auto plan = planner.plan(wanted, {});
        REQUIRE(plan.has_value());
        return std::move(*plan);
    }
    qmp::MachinePlan plan(const std::vector<qmp::DeviceDescription>& wanted, bool hot_plug = true) {
        return plan(wanted, options(hot_plug));
    }
};

inline std::string joined(const Texts& texts) {
    std::string all;
    for (const std::string& text : texts) {
        all += text + '\n';
    }
    return all;
}

inline std::string place_of(const qmp::DevicePlan& device) {
    return device.pci ? concat(*device.bus, ' ', device.pci->bus, ':', device.pci->slot, '.',
                               device.pci->function)
                      : "none";
}

}  // namespace siskin::test
