// SPDX-License-Identifier: Apache-2.0
// IsrStatus and TransportInterrupt.
#include "virtio/transport/isr.h"

#include <utility>

#include "virtio/spec.h"

namespace siskin {

const char TransportInterrupt::kPin = 0;

Result<> IsrStatus::connect(InterruptRelay& relay) {
    relay_ = SISKIN_TRY(relay.watch(changed_, [this] { update_pin(); }));
    return {};
}

std::uint64_t IsrStatus::read(IoAccess access) {
    if (access.offset != 0) {
        return 0;
    }
    // §4.1.4.5.1: reading resets the byte and de-asserts the interrupt.
    const std::uint8_t bits = bits_.exchange(0);
    update_pin();
    return bits;
}

void IsrStatus::set_bit(std::uint8_t bit) {
    // With a cause there already the pin is up, or whoever set that one is about to raise it.
    if (bits_.fetch_or(bit) == 0) {
        led_to_.load()->signal();
    }
}

void IsrStatus::set_pin_enabled(bool enabled) {
    pin_enabled_ = enabled;
    update_pin();
}

void IsrStatus::clear() {
    bits_.store(0);
    update_pin();
}

void IsrStatus::update_pin() {
    set_pin_(pin_enabled_ && bits_.load() != 0);
}

void TransportInterrupt::signal() {
    const void* const target = target_.load();
    if (target == nullptr) {
        return;
    }
    // §4.1.4.5.1: the configuration's bit is set with MSI-X, too, where no pin follows it.
    if (target == &kPin || isr_bit_ == virtio_spec::kIsrConfiguration) {
        isr_.set_bit(isr_bit_);
    }
    if (target != &kPin) {
        static_cast<const EventFd*>(target)->signal();
    }
}

}  // namespace siskin
