// SPDX-License-Identifier: Apache-2.0
// QmpEvents: a machine's events as QMP events.
#pragma once

#include "qmp/event.h"
#include "vmm/machine/machine_events.h"

namespace siskin {

// Made before the machine; the sink is there once the server is, and until then nobody listens.
// Thread: VM loop.
class QmpEvents final : public MachineEvents {
public:
    void set_sink(qmp::EventSink* sink) { sink_ = sink; }

    void on_shutdown(ShutdownCause cause) override;
    void on_reset(ShutdownCause cause) override;
    void on_power_button() override;
    void on_stop() override;
    void on_resume() override;
    void on_device_deleted(const std::string& id, const std::string& path) override;
    void on_unplug_refused(const std::string& id, const std::string& path) override;
    void on_block_error(const BlockErrorReport& report) override;
    void on_tray_moved(const TrayMove& move) override;
    void on_hotplug_step(const HotplugReport& report) override;

private:
    qmp::EventSink* sink_ = nullptr;
};

}  // namespace siskin
