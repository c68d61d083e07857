// SPDX-License-Identifier: Apache-2.0
// VirtioPci: where its interrupts go.
#include "base/text.h"
#include "pci/bus.h"
#include "virtio/spec.h"
#include "virtio/transport/virtio_pci.h"

namespace siskin {

namespace spec = virtio_spec;

void VirtioPci::lead_pin() {
    if (!direct_pin_) {
        return;
    }
    const bool wanted = !direct_pin_->given_up() && active_ && intx_open();
    if (wanted == direct_pin_->is_open()) {
        return;
    }
    if (!wanted) {
        direct_pin_->close();
        isr_.lead_to(nullptr);
        set_intx_driven_elsewhere(false);
        isr_.update_pin();
        return;
    }
    if (const auto opened = direct_pin_->open(); !opened) {
        give_up_direct_pin(opened.error().message);
        return;
    }
    isr_.lead_to(&direct_pin_->event());
    set_intx_driven_elsewhere(true);
    // What came while the old way was on.
    if (isr_.any()) {
        direct_pin_->event().signal();
    }
}

void VirtioPci::give_up_direct_pin(std::string_view reason) {
    log::warning(concat(log_.subject(), ": INTx by way of the VM loop: ", reason));
    direct_pin_->give_up();
    lead_pin();
}

void VirtioPci::route_interrupts() {
    lead_pin();
    isr_.set_pin_enabled(active_ && !msix_enabled());
    route(config_interrupt_, common_.config_vector());
    for (std::size_t index = 0; index < queue_interrupts_.size(); ++index) {
        const QueueRegisters& queue = common_.queues()[index];
        // §2.6.1.1.1: a queue that is being reset notifies nobody.
        if (queue.resetting) {
            queue_interrupts_[index]->to_nowhere();
        } else {
            route(*queue_interrupts_[index], queue.vector);
        }
    }
}

void VirtioPci::route(TransportInterrupt& interrupt, std::uint16_t vector) {
    if (!active_) {
        interrupt.to_nowhere();
    } else if (!msix_enabled()) {
        interrupt.to_pin();
    } else if (vector == spec::kNoVector) {
        interrupt.to_nowhere();
    } else if (const auto event = msix()->event(vector)) {
        // The table keeps the event for as long as it lives.
        interrupt.to_vector(**event);
    } else {
        interrupt.to_nowhere();
    }
}

}  // namespace siskin
