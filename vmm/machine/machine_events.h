// SPDX-License-Identifier: Apache-2.0
// MachineEvents: what happens to a machine, told to whoever manages it.
#pragma once

#include <string>

#include "qmp/generated/types.h"

namespace siskin {

// Declared once, in qmp/schema/run_state.json.
using qmp::ShutdownCause;

[[nodiscard]] constexpr bool is_guest_cause(ShutdownCause cause) {
    return cause == ShutdownCause::GuestShutdown || cause == ShutdownCause::GuestReset ||
           cause == ShutdownCause::GuestPanic;
}

struct BlockErrorReport;  // vmm/machine/block_errors.h
struct HotplugReport;     // vmm/machine/hotplug_progress.h
struct TrayMove;          // vmm/machine/tray_moves.h

// Called on the VM thread, in the order in which things happen.
class MachineEvents {
public:
    virtual ~MachineEvents() = default;
    virtual void on_shutdown(ShutdownCause cause) = 0;
    virtual void on_reset(ShutdownCause cause) = 0;
    virtual void on_power_button() = 0;
    virtual void on_stop() = 0;
    virtual void on_resume() = 0;
    // `id` may be empty.
    virtual void on_device_deleted(const std::string& id, const std::string& path) = 0;
    virtual void on_unplug_refused(const std::string& id, const std::string& path) = 0;
    virtual void on_block_error(const BlockErrorReport& report) = 0;
    virtual void on_tray_moved(const TrayMove& move) = 0;
    virtual void on_hotplug_step(const HotplugReport& report) = 0;
};

}  // namespace siskin
