// SPDX-License-Identifier: Apache-2.0
// A machine's events as QMP events.
#include "vmm/machine/qmp_events.h"

#include <cerrno>
#include <optional>
#include <string>

#include "base/text.h"
#include "qmp/generated/events.h"
#include "vmm/machine/block_errors.h"
#include "vmm/machine/hotplug_progress.h"
#include "vmm/machine/tray_moves.h"

namespace siskin {

void QmpEvents::on_shutdown(ShutdownCause cause) {
    if (sink_ != nullptr) {
        qmp::events::shutdown(*sink_, is_guest_cause(cause), cause);
    }
}

void QmpEvents::on_reset(ShutdownCause cause) {
    if (sink_ != nullptr) {
        qmp::events::reset(*sink_, is_guest_cause(cause), cause);
    }
}

void QmpEvents::on_power_button() {
    if (sink_ != nullptr) {
        qmp::events::powerdown(*sink_);
    }
}

void QmpEvents::on_stop() {
    if (sink_ != nullptr) {
        qmp::events::stop(*sink_);
    }
}

void QmpEvents::on_resume() {
    if (sink_ != nullptr) {
        qmp::events::resume(*sink_);
    }
}

namespace {

std::optional<std::string> unless_empty(const std::string& id) {
    return id.empty() ? std::nullopt : std::optional(id);
}

}  // namespace

void QmpEvents::on_device_deleted(const std::string& id, const std::string& path) {
    if (sink_ != nullptr) {
        qmp::events::device_deleted(*sink_, unless_empty(id), path);
    }
}

void QmpEvents::on_unplug_refused(const std::string& id, const std::string& path) {
    if (sink_ != nullptr) {
        qmp::events::device_unplug_guest_error(*sink_, unless_empty(id), path);
    }
}

void QmpEvents::on_block_error(const BlockErrorReport& report) {
    if (sink_ == nullptr) {
        return;
    }
    const auto action = [&] {
        switch (report.error.action) {
            case BlockErrorAction::Ignore: return qmp::BlockErrorAction::Ignore;
            case BlockErrorAction::Stop: return qmp::BlockErrorAction::Stop;
            case BlockErrorAction::Report: break;
        }
        return qmp::BlockErrorAction::Report;
    }();
    qmp::events::block_io_error(
        *sink_, report.device, unless_empty(report.node_name),
        report.error.is_read ? qmp::IoOperationType::Read : qmp::IoOperationType::Write, action,
        report.may_stop ? std::optional(report.error.error_number == ENOSPC) : std::nullopt,
        errno_text(report.error.error_number));
}

void QmpEvents::on_tray_moved(const TrayMove& move) {
    if (sink_ != nullptr) {
        qmp::events::device_tray_moved(*sink_, move.device, move.id, move.is_open);
    }
}

void QmpEvents::on_hotplug_step(const HotplugReport& report) {
    if (sink_ != nullptr) {
        qmp::events::x_siskin_hotplug_step(*sink_, unless_empty(report.id), report.path,
                                           report.operation, report.step,
                                           static_cast<std::uint64_t>(report.elapsed.count()));
    }
}

}  // namespace siskin
