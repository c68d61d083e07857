// SPDX-License-Identifier: Apache-2.0
// Proves pci/hotplug_slot with a scripted guest that answers late, twice or never.
#include "pci/hotplug_slot.h"

#include <doctest/doctest.h>

#include "pci/spec.h"

using namespace siskin;
using namespace siskin::pci_spec;
using Outcome = HotplugSlot::Outcome;

namespace {

constexpr std::uint16_t kOff = kExpressSlotPoweredOff | kExpressSlotPowerIndicatorOff;
constexpr std::uint16_t kOn = kExpressSlotPowerOn;
constexpr std::uint16_t kBlink = kExpressSlotPowerBlinking;  // with power
constexpr std::uint16_t kBlinkDark = kBlink | kExpressSlotPoweredOff;
constexpr std::uint16_t kPowerCut = kBlink | kExpressSlotPoweredOff;
constexpr std::uint16_t kCompleted = kExpressSlotCommandCompleted;

HotplugSlot empty_slot(HotplugSlot::Options options = {}) {
    HotplugSlot slot(options);
    slot.reset(options.has_power_controller ? kOff : kExpressSlotPowerIndicatorOff, false);
    return slot;
}

HotplugSlot used_slot(HotplugSlot::Options options = {}) {
    HotplugSlot slot(options);
    slot.reset(kOn, true);
    return slot;
}

}  // namespace

TEST_SUITE("pci/hotplug_slot") {
    TEST_CASE("a device that comes is announced, and reached once the guest gives power") {
        HotplugSlot slot = empty_slot();

        slot.set_occupied(true);
        CHECK(slot.is_present());
        CHECK_FALSE(slot.is_reachable());
        CHECK(slot.take_events() == (kExpressSlotPresenceChanged | kExpressSlotButtonPressed));
        CHECK(slot.control_written(kBlinkDark) == Outcome::None);
        CHECK_FALSE(slot.is_reachable());
        CHECK(slot.take_events() == kCompleted);
        CHECK(slot.control_written(kBlink) == Outcome::None);

        CHECK(slot.is_reachable());
        CHECK(slot.is_link_up());
        CHECK(slot.take_events() == (kCompleted | kExpressSlotLinkChanged));
        CHECK(slot.control_written(kOn) == Outcome::None);
        CHECK(slot.take_events() == kCompleted);
    }

    TEST_CASE("power and a blinking indicator are answers; other writes and repeats are not") {
        HotplugSlot slot = empty_slot();
        static_cast<void>(slot.control_written(kBlinkDark));
        CHECK_FALSE(slot.is_answered());  // nothing is there
        static_cast<void>(slot.control_written(kOff));
        slot.set_occupied(true);

        static_cast<void>(slot.control_written(kOff));
        CHECK_FALSE(slot.is_answered());
        static_cast<void>(slot.control_written(kBlinkDark));
        CHECK(slot.is_answered());
        static_cast<void>(slot.control_written(kBlinkDark));
        CHECK_FALSE(slot.is_answered());
        static_cast<void>(slot.control_written(kOn));
        CHECK(slot.is_answered());

        static_cast<void>(slot.request_eject());
        CHECK(slot.is_asked());
        static_cast<void>(slot.control_written(kBlink));
        CHECK(slot.is_answered());
        static_cast<void>(slot.control_written(kPowerCut));
        CHECK_FALSE(slot.is_answered());
        CHECK_FALSE(slot.is_asked());
    }

    TEST_CASE("a device that is there at a reset is there without an event (cold plug)") {
        HotplugSlot slot = used_slot();

        CHECK(slot.is_present());
        CHECK(slot.is_reachable());
        CHECK(slot.take_events() == 0);
    }

    TEST_CASE("the button asks, and switching off lets go (§6.7.1.1)") {
        HotplugSlot slot = used_slot();

        CHECK(slot.request_eject() == Outcome::None);
        CHECK(slot.take_events() == kExpressSlotButtonPressed);
        CHECK(slot.control_written(kBlink) == Outcome::None);
        CHECK(slot.is_reachable());
        static_cast<void>(slot.take_events());
        CHECK(slot.control_written(kPowerCut) == Outcome::Ejected);

        CHECK_FALSE(slot.is_present());
        CHECK_FALSE(slot.is_reachable());
        CHECK(slot.take_events() ==
              (kCompleted | kExpressSlotPresenceChanged | kExpressSlotLinkChanged));
        CHECK(slot.control_written(kOff) == Outcome::None);
    }

    TEST_CASE("switching off twice, or on again, ejects once") {
        HotplugSlot slot = used_slot();
        CHECK(slot.control_written(kOff) == Outcome::Ejected);

        CHECK(slot.control_written(kOn) == Outcome::None);
        CHECK_FALSE(slot.is_reachable());
        CHECK(slot.control_written(kOff) == Outcome::None);
        CHECK(slot.request_eject() == Outcome::None);
        slot.set_occupied(false);
        CHECK(slot.control_written(kOn) == Outcome::None);
        CHECK(slot.control_written(kOff) == Outcome::None);
        CHECK(slot.take_events() != 0);
    }

    TEST_CASE("a guest that switches off by itself lets go") {
        HotplugSlot slot = used_slot();

        CHECK(slot.control_written(kOff) == Outcome::Ejected);
        CHECK_FALSE(slot.is_present());
    }

    TEST_CASE("a guest that stops blinking without switching off refuses") {
        HotplugSlot slot = used_slot();
        CHECK(slot.request_eject() == Outcome::None);
        CHECK(slot.control_written(kBlink) == Outcome::None);

        CHECK(slot.control_written(kOn) == Outcome::Refused);
        CHECK(slot.is_present());
        CHECK(slot.is_reachable());
        static_cast<void>(slot.take_events());
        CHECK(slot.request_eject() == Outcome::None);
        CHECK(slot.take_events() == kExpressSlotButtonPressed);
    }

    TEST_CASE("a guest that never answers keeps the device; a reset forgets the request") {
        HotplugSlot slot = used_slot();
        CHECK(slot.request_eject() == Outcome::None);
        slot.reset(kOn, true);

        CHECK(slot.take_events() == 0);
        CHECK(slot.control_written(kBlink) == Outcome::None);
        CHECK(slot.control_written(kOn) == Outcome::None);
    }

    TEST_CASE("a request waits while the indicator blinks, and is then made (H04)") {
        HotplugSlot slot = empty_slot();
        slot.set_occupied(true);
        CHECK(slot.control_written(kBlink) == Outcome::None);
        static_cast<void>(slot.take_events());

        CHECK(slot.request_eject() == Outcome::None);
        CHECK(slot.take_events() == 0);
        CHECK(slot.control_written(kOn) == Outcome::None);

        CHECK(slot.take_events() == (kCompleted | kExpressSlotButtonPressed));
        CHECK(slot.control_written(kOff) == Outcome::Ejected);
    }

    TEST_CASE("a slot that the guest never switched on lets go at once") {
        HotplugSlot slot = empty_slot();
        slot.set_occupied(true);
        static_cast<void>(slot.take_events());

        CHECK(slot.request_eject() == Outcome::Ejected);
        CHECK(slot.take_events() == kExpressSlotPresenceChanged);
    }

    TEST_CASE("a plug after the button went out is a plug, whatever blinks (H04)") {
        HotplugSlot slot = used_slot();
        CHECK(slot.request_eject() == Outcome::None);
        CHECK(slot.control_written(kPowerCut) == Outcome::Ejected);
        slot.set_occupied(false);
        static_cast<void>(slot.take_events());

        slot.set_occupied(true);
        CHECK(slot.take_events() == kExpressSlotPresenceChanged);
        CHECK(slot.control_written(kOff) == Outcome::None);
        CHECK(slot.take_events() == (kCompleted | kExpressSlotButtonPressed));
        CHECK(slot.control_written(kOn) == Outcome::None);
        CHECK(slot.is_reachable());
    }

    TEST_CASE("without a button presence goes, and power off lets go") {
        HotplugSlot slot = used_slot({.has_button = false});

        CHECK(slot.request_eject() == Outcome::None);
        CHECK_FALSE(slot.is_present());
        CHECK(slot.is_reachable());
        CHECK(slot.take_events() == (kExpressSlotPresenceChanged | kExpressSlotLinkChanged));
        CHECK(slot.control_written(kOff) == Outcome::Ejected);
    }

    TEST_CASE("without a power controller the indicator going out lets go") {
        HotplugSlot slot = used_slot({.has_power_controller = false});

        CHECK(slot.request_eject() == Outcome::None);
        CHECK(slot.control_written(kBlink) == Outcome::None);
        CHECK(slot.control_written(kExpressSlotPowerIndicatorOff) == Outcome::Ejected);

        HotplugSlot bare = used_slot({.has_button = false, .has_power_controller = false});
        CHECK(bare.request_eject() == Outcome::Ejected);
    }

    TEST_CASE("asking an empty slot does nothing") {
        HotplugSlot slot = empty_slot();

        CHECK(slot.request_eject() == Outcome::None);
        CHECK(slot.take_events() == 0);
    }
}
