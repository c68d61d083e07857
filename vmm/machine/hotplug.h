// SPDX-License-Identifier: Apache-2.0
// Hotplug: devices that come and go while the machine is there.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "base/value.h"
#include "pci/function.h"
#include "pci/hotplug.h"
#include "vmm/machine/device_environment.h"
#include "vmm/machine/hotplug_progress.h"
#include "vmm/machine/machine_config.h"
#include "vmm/machine/machine_events.h"

namespace siskin {

struct PlannedDevice;

// A removal has three parts. It is asked for; the port above tells the guest. The guest lets go, or
// the machine is reset: the functions leave their bus, and the devices finish what is in flight.
// When the last has finished, they are destroyed and on_device_deleted is called, what is behind or
// inside a device before it; by then its id and its back end are free. Each step of it, and of what
// a guest does with a device that comes, is told of (HotplugProgress) and can be waited for.
// Thread: VM loop, without MachineLock, but for HotplugObserver's functions.
class Hotplug final : private HotplugObserver {
public:
    // QEMU's figure: after so long a removal may be asked for again.
    static constexpr std::chrono::milliseconds kAskAgain{5000};

    // All outlive it. Error: no descriptor left.
    [[nodiscard]] static Result<std::unique_ptr<Hotplug>> create(DeviceEnvironment& environment,
                                                                 MachineEvents& events);
    ~Hotplug() override;
    Hotplug(const Hotplug&) = delete;
    Hotplug& operator=(const Hotplug&) = delete;

    // device_add, with the members of its arguments. After an error everything is as before, and
    // `wait` is dropped; otherwise that is answered once, perhaps before this returns. A plug that
    // does not get there in time is taken back, if the guest has not answered to it in any way.
    [[nodiscard]] Result<> add(const Value::Dict& arguments, const std::vector<OptionUse>& globals,
                               std::optional<HotplugWait> wait = std::nullopt);
    // device_del: asks the guest. Errors: no such device (DeviceNotFound), it is being removed
    // already, its bus has no hot-plug. `wait` as above; the removal stays asked for.
    [[nodiscard]] Result<> remove(std::string_view id_or_path,
                                  std::optional<HotplugWait> wait = std::nullopt);

    // Before a reset of the machine, which completes what is pending: takes it off its bus. The
    // events follow from the loop.
    void release_asked();
    // After a reset that is none to the user: ports have forgotten what they were asked.
    void ask_again();

private:
    Hotplug(DeviceEnvironment& environment, MachineEvents& events, EventFd wake);

    void on_ejected(PciBus& bus, unsigned device) override;
    void on_eject_refused(PciBus& bus, unsigned device) override;
    void on_slot_sign(PciBus& bus, unsigned device, SlotSign sign) override;
    void on_function_use(PciFunction& function, FunctionUse use) override;

    struct Asked {
        std::string path;
        std::chrono::steady_clock::time_point since;
    };
    // Told by any thread, even when the machine is gone already.
    struct Drained {
        explicit Drained(EventFd event) : wake(std::move(event)) {}
        EventFd wake;
    };
    struct Leaving {
        std::string path;
        std::shared_ptr<std::atomic<bool>> done;
    };

    using Names = std::vector<std::pair<std::string, std::string>>;  // id and path
    [[nodiscard]] bool is_asked(std::string_view path) const;
    [[nodiscard]] bool is_leaving(std::string_view path) const;
    [[nodiscard]] const DeviceTree::Entry* entry_of(const PciFunction& function) const;
    // Who lets go: the guest does, or nobody who could keep it.
    enum class Cause { Guest, Machine };
    void leave(PciFunction& function, Cause cause);
    [[nodiscard]] std::string let_unit_go(const DeviceTree::Entry& entry);
    void leave_unit(const DeviceTree::Entry& entry);
    void leave_units_of(const Device& host);
    void leave_all(const PciBus& bus, unsigned device, Cause cause);
    // Under MachineLock; asking returns the path.
    [[nodiscard]] Result<> plug(const PlannedDevice& planned,
                                HotplugProgress::Clock::time_point since);
    [[nodiscard]] Result<std::string> ask(std::string_view id_or_path);
    void wait_for(const std::string& path, HotplugOperation operation, HotplugWait wait);
    void on_wait_expired(HotplugProgress::WaitId wait);
    [[nodiscard]] bool may_take_back(const PciFunction& function) const;
    void tell_progress();
    void process();
    [[nodiscard]] bool finish_first();

    DeviceEnvironment& environment_;
    MachineEvents& events_;
    std::shared_ptr<Drained> drained_;
    std::unique_ptr<EventLoop::Watch> watch_;
    // Under MachineLock.
    std::vector<Asked> asked_;
    Names refused_;
    std::deque<Leaving> leaving_;
    HotplugProgress progress_;
    bool plug_told_ = false;  // the guest, during the plug under way
};

}  // namespace siskin
