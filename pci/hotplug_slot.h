// SPDX-License-Identifier: Apache-2.0
// HotplugSlot: the state machine of a slot that devices come to and go from (PCIe 5.0 §6.7).
#pragma once

#include <cstdint>

namespace siskin {

// Linux listens to no presence change where there is a button, so that is pressed for a device that
// comes, too; as its slot has no power by then, the press cannot mean a removal.
// Pure: it is told what happens and says what the registers show. Power is the guest's: a device
// that comes stays unreachable until the guest switches its slot on, and one whose slot the guest
// switches off is let go, whether that was asked for or not. Asking for a removal presses the
// attention button; in a slot without one the device's presence and link go away, which an
// operating system takes for a removal by surprise.
class HotplugSlot {
public:
    struct Options {
        bool has_button = true;
        bool has_power_controller = true;
    };
    // What a call leads to, besides changed registers.
    enum class Outcome {
        None,
        Ejected,  // the guest let go: the device may be removed
        Refused,  // the guest was asked and keeps it
    };

    explicit HotplugSlot(Options options) : options_(options) {}

    // A device is in the slot, or is not any more.
    void set_occupied(bool occupied);
    // The guest is to let go of the device.
    [[nodiscard]] Outcome request_eject();
    // The guest wrote Slot Control, which now reads `control` (§7.5.3.10).
    [[nodiscard]] Outcome control_written(std::uint16_t control);
    // Slot Control is `control` after a reset, which forgets what was asked and what happened.
    void reset(std::uint16_t control, bool occupied);

    // Presence Detect State, and whether the link is up.
    [[nodiscard]] bool is_present() const;
    [[nodiscard]] bool is_link_up() const { return is_present() && is_powered(); }
    // Whether requests get to the device.
    [[nodiscard]] bool is_reachable() const { return is_powered() && !ejected_; }
    // Bits of Slot Status that were set since the last call (§7.5.3.11).
    [[nodiscard]] std::uint16_t take_events();
    // The guest is to let go of the device, and has not.
    [[nodiscard]] bool is_asked() const { return asked_; }
    // Whether the last write was the guest's answer to what it was told: it gave power, or lets the
    // power indicator blink (§6.7.1.1.2).
    [[nodiscard]] bool is_answered() const { return answered_; }

private:
    [[nodiscard]] bool is_powered() const;
    [[nodiscard]] bool is_blinking() const;
    [[nodiscard]] Outcome eject();
    void note_changes();

    const Options options_;
    std::uint16_t control_ = 0;
    bool occupied_ = false;
    bool asked_ = false;
    bool pressed_ = false;   // the button; else the press is held back
    bool announce_ = false;  // a press for a device that came is held back
    bool ejected_ = false;   // and not yet removed
    bool answered_ = false;
    bool was_present_ = false;
    bool was_up_ = false;
    std::uint16_t events_ = 0;
};

}  // namespace siskin
