// SPDX-License-Identifier: Apache-2.0
// HotplugBench: a machine's devices without KVM: two root ports, two disks, what is told.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "devices/chipset/acpi_pci_hotplug.h"
#include "tests/harness/driver_pci.h"
#include "tests/harness/temporary_directory.h"
#include "tests/harness/test_guest.h"
#include "vmm/machine/block_options.h"
#include "vmm/machine/device_builder.h"
#include "vmm/machine/hotplug.h"

namespace siskin::test {

class RecordedEvents final : public MachineEvents {
public:
    void on_shutdown(ShutdownCause) override {}
    void on_reset(ShutdownCause) override {}
    void on_power_button() override {}
    void on_stop() override {}
    void on_resume() override {}
    void on_device_deleted(const std::string& id, const std::string& path) override {
        told.push_back(concat("deleted ", id.empty() ? "-" : id, ' ', path));
    }
    void on_unplug_refused(const std::string& id, const std::string& path) override {
        told.push_back(concat("refused ", id.empty() ? "-" : id, ' ', path));
    }
    void on_block_error(const BlockErrorReport&) override {}
    void on_tray_moved(const TrayMove&) override {}
    void on_hotplug_step(const HotplugReport& report) override {
        steps.push_back(concat(report.path.substr(report.path.rfind('/') + 1), ' ',
                               qmp::to_text(report.operation), ' ', qmp::to_text(report.step)));
        times.push_back(report.elapsed);
    }
    std::vector<std::string> take_steps() { return std::exchange(steps, {}); }

    std::vector<std::string> told;
    std::vector<std::string> steps;  // "n0 plug slot"
    std::vector<std::chrono::nanoseconds> times;
};

class NoRequests final : public MachineRequests {
public:
    void request_reset() override {}
    void request_shutdown() override {}
    void request_debug_exit(std::uint8_t) override {}
};

// What a failed plug could leave behind.
struct Traces {
    std::size_t descriptors = 0;
    std::size_t threads = 0;
    std::size_t devices = 0;
    std::size_t functions = 0;
    std::size_t doorbells = 0;
    std::size_t messages = 0;

    friend bool operator==(const Traces&, const Traces&) = default;
};

inline std::size_t count_entries(const char* folder) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) {
        ++count;
    }
    return count;
}

// Who tells the guest.
enum class HotplugWay { Slots, Acpi };

struct HotplugBench {
    explicit HotplugBench(HotplugWay way = HotplugWay::Slots) {
        if (way == HotplugWay::Acpi) {
            pci.host.topology().set_hotplug_notifier(&acpi);
        }
        for (const char* const name : {"d0", "d1", "d2"}) {
            const std::string file = directory.path(name);
            std::ofstream(file).close();
            std::filesystem::resize_file(file, 65536);
            const bool added =
                blocks
                    .add(*read_node_options(
                        {{"driver", "file"}, {"node-name", name}, {"filename", file}},
                        OptionForm::Json))
                    .has_value();
            SISKIN_ASSERT(added);
        }
        build({{"driver", "pcie-root-port"}, {"id", "rp1"}, {"chassis", 1}});
        build({{"driver", "pcie-root-port"}, {"id", "rp2"}, {"chassis", 2}});
        acpi.reset();
        environment.hot_plugging = true;
        auto made = Hotplug::create(environment, events);
        SISKIN_ASSERT(made.has_value());
        hotplug = std::move(*made);
    }

    void build(const Value::Dict& arguments) {
        const auto planned = plan_device(arguments, {});
        SISKIN_ASSERT(planned.has_value() && build_device(environment, *planned).has_value());
    }
    static Value::Dict disk(const std::string& id, const std::string& bus,
                            const std::string& drive) {
        return {{"driver", "virtio-blk-pci"}, {"id", id}, {"bus", bus}, {"drive", drive}};
    }
    // Empty: it worked.
    std::string add(const Value::Dict& arguments) {
        const auto added = hotplug->add(arguments, {});
        return added ? "" : added.error().message;
    }
    // The same, and the answer comes to `answers`.
    HotplugWait wait(HotplugStep step, int limit_ms = 10'000) {
        return {
            step, std::chrono::milliseconds{limit_ms},
            [this](const Result<>& told) { answers.push_back(told ? "ok" : told.error().message); },
            [this] { return is_waited_for; }};
    }
    std::string add(const Value::Dict& arguments, HotplugWait wait) {
        const auto added = hotplug->add(arguments, {}, std::move(wait));
        return added ? "" : added.error().message;
    }
    std::string remove(const std::string& id, HotplugWait wait) {
        const auto removed = hotplug->remove(id, std::move(wait));
        return removed ? "" : removed.error().message;
    }
    void run_until_answered(std::size_t count) {
        for (int turn = 0; turn < 2000 && answers.size() < count; ++turn) {
            loop.run_ready();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    // The steps told of by now.
    std::vector<std::string> steps() {
        loop.run_ready();
        return events.take_steps();
    }
    std::string remove(const std::string& id) {
        const auto removed = hotplug->remove(id);
        return removed ? "" : removed.error().message;
    }
    // As the machine's reset does it.
    void reset() {
        hotplug->release_asked();
        const MutexLock hold(pci.lock);
        pci.host.reset();
        acpi.reset();
    }
    // Lets the loop run until so much was told, or for two seconds.
    void run_until_told(std::size_t count) {
        for (int turn = 0; turn < 2000 && events.told.size() < count; ++turn) {
            loop.run_ready();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    PciBus& bus(const std::string& name) { return *pci.host.find_bus(name); }
    Traces traces() {
        Traces now;
        now.descriptors = count_entries("/proc/self/fd");
        now.threads = count_entries("/proc/self/task");
        now.devices = devices.entries().size();
        now.functions = bus("rp1").functions().size() + bus("rp2").functions().size();
        now.doorbells = pci.doorbells.bound().size();
        now.messages = pci.msi.bound_count();
        return now;
    }

    TemporaryDirectory directory;
    EventLoop loop;
    PciMachine pci;
    AcpiPciHotplug acpi{pci.host.topology(), [] {}};
    TestGuest guest;
    FakeIrqLine line;
    NoRequests requests;
    IsaSerialPlaces serial_places;
    ChardevRegistry chardevs;
    BlockGraph blocks;
    IoThreads io_threads;
    std::unique_ptr<DiskServices> disks = *DiskServices::create();
    EventLoopInterruptRelay relay{loop, pci.lock};
    LineEnds line_ends{relay};
    RecordedEvents events;
    DeviceTree devices;
    DeviceEnvironment environment{
        pci.lock,       loop,       pci.ports,
        pci.host,       pci.msi,    pci.doorbells,
        relay,          line_ends,  [](Gsi) { return std::unique_ptr<IrqLine>(); },
        guest.memory(), 1,          requests,
        serial_places,  devices,    chardevs,
        blocks,         io_threads, *disks};
    std::vector<std::string> answers;
    bool is_waited_for = true;
    std::unique_ptr<Hotplug> hotplug;
};

}  // namespace siskin::test
