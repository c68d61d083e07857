// SPDX-License-Identifier: Apache-2.0
// The slot's state machine.
#include "pci/hotplug_slot.h"

#include <utility>

#include "pci/spec.h"

namespace siskin {

using namespace pci_spec;

void HotplugSlot::set_occupied(bool occupied) {
    const bool came = occupied && !occupied_;
    occupied_ = occupied;
    if (!occupied) {
        asked_ = false;
        pressed_ = false;
        ejected_ = false;
    }
    announce_ = came && options_.has_button && is_blinking();
    if (came && options_.has_button && !announce_) {
        events_ |= kExpressSlotButtonPressed;
    }
    note_changes();
}

HotplugSlot::Outcome HotplugSlot::request_eject() {
    if (!occupied_ || ejected_) {
        return Outcome::None;
    }
    asked_ = true;
    // A slot without power is not in use; neither button nor power controller: nothing to wait for.
    if (!is_powered() || (!options_.has_button && !options_.has_power_controller)) {
        return eject();
    }
    if (options_.has_button) {
        // §6.7.1.1.2: while the indicator blinks a press means "do not". It waits until then.
        pressed_ = !is_blinking();
        if (pressed_) {
            events_ |= kExpressSlotButtonPressed;
        }
    }
    note_changes();
    return Outcome::None;
}

HotplugSlot::Outcome HotplugSlot::control_written(std::uint16_t control) {
    const bool was_powered = is_powered();
    const bool was_blinking = is_blinking();
    const bool was_lit =
        (control_ & kExpressSlotPowerIndicatorOff) != kExpressSlotPowerIndicatorOff;
    control_ = control;
    // §6.7.3.2: each write is a command, and each is carried out at once.
    events_ |= kExpressSlotCommandCompleted;
    const bool is_lit = (control_ & kExpressSlotPowerIndicatorOff) != kExpressSlotPowerIndicatorOff;
    const bool let_go =
        options_.has_power_controller ? was_powered && !is_powered() : was_lit && !is_lit;
    if (announce_ && (!is_blinking() || is_powered())) {
        announce_ = false;
        // Not when the guest has found it by itself.
        if (!is_powered()) {
            events_ |= kExpressSlotButtonPressed;
        }
    }
    answered_ = occupied_ && !ejected_ &&
                ((!was_powered && is_powered()) || (!was_blinking && is_blinking()));
    Outcome outcome = Outcome::None;
    if (occupied_ && !ejected_ && let_go) {
        outcome = eject();
    } else if (asked_ && was_blinking && !is_blinking()) {
        if (pressed_) {
            asked_ = false;
            pressed_ = false;
            outcome = Outcome::Refused;
        } else {
            pressed_ = true;
            events_ |= kExpressSlotButtonPressed;
        }
    }
    note_changes();
    return outcome;
}

void HotplugSlot::reset(std::uint16_t control, bool occupied) {
    control_ = control;
    occupied_ = occupied;
    asked_ = false;
    pressed_ = false;
    ejected_ = false;
    announce_ = false;
    was_present_ = is_present();
    was_up_ = is_link_up();
    events_ = 0;
}

bool HotplugSlot::is_present() const {
    return occupied_ && !ejected_ && (!asked_ || options_.has_button);
}

std::uint16_t HotplugSlot::take_events() {
    return std::exchange(events_, std::uint16_t{0});
}

bool HotplugSlot::is_powered() const {
    return !options_.has_power_controller || (control_ & kExpressSlotPoweredOff) == 0;
}

bool HotplugSlot::is_blinking() const {
    return (control_ & kExpressSlotPowerIndicatorOff) == kExpressSlotPowerBlinking;
}

HotplugSlot::Outcome HotplugSlot::eject() {
    ejected_ = true;
    asked_ = false;
    pressed_ = false;
    note_changes();
    return Outcome::Ejected;
}

void HotplugSlot::note_changes() {
    if (std::exchange(was_present_, is_present()) != is_present()) {
        events_ |= kExpressSlotPresenceChanged;
    }
    if (std::exchange(was_up_, is_link_up()) != is_link_up()) {
        events_ |= kExpressSlotLinkChanged;
    }
}

}  // namespace siskin
