// SPDX-License-Identifier: Apache-2.0
// A machine's events as QMP events.
#include "vmm/machine/qmp_events.h"

#include "qmp/generated/events.h"

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

}  // namespace siskin
