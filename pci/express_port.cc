// SPDX-License-Identifier: Apache-2.0
// A port's registers and what a change of them does.
#include "pci/express_port.h"

#include "base/text.h"
#include "base/units.h"
#include "pci/hotplug.h"

namespace siskin {

using namespace pci_spec;

namespace {

constexpr std::uint64_t kHotplugReserve = 2 * kMiB;

// A chassis and slot name one slot. The default, 0 and 0, names none.
Result<> check_slot_is_free(const Topology& topology, const PortConfig& wanted) {
    if (wanted.chassis == 0 && wanted.slot == 0) {
        return {};
    }
    const ExpressPort* holder = nullptr;
    for_each_function(topology, [&](const PciFunction& function) {
        const auto* const port = dynamic_cast<const ExpressPort*>(&function);
        if (port != nullptr && port->has_slot() && port->settings().chassis == wanted.chassis &&
            port->settings().slot == wanted.slot) {
            holder = port;
        }
    });
    if (holder != nullptr) {
        return fail(concat("Can't add chassis slot, chassis ", wanted.chassis, " slot ",
                           wanted.slot, " is in use by ", holder->type_name(),
                           ",id=", holder->id()));
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<ExpressPort>> ExpressPort::create(const PortModel& model, PciPlace place,
                                                         std::shared_ptr<void> config,
                                                         MsiTarget& messages) {
    const auto& settings = *static_cast<const PortConfig*>(config.get());
    if (auto found = problems(model, settings, place.bus->topology()); !found.empty()) {
        return fail(std::move(found.front()));
    }
    std::unique_ptr<ExpressPort> port(
        new ExpressPort(model, std::move(place), std::move(config), messages));
    port->plug();
    return port;
}

std::vector<Error> ExpressPort::problems(const PortModel& model, const PortConfig& settings,
                                         const Topology& topology) {
    std::vector<Error> found;
    if (auto reserve = reserve_of(settings.reserve, model.type->name); !reserve) {
        found.push_back(std::move(reserve).error());
    }
    if (model.role != ExpressRole::UpstreamPort) {
        if (auto slot = check_slot_is_free(topology, settings); !slot) {
            found.push_back(std::move(slot).error());
        }
    }
    return found;
}

ExpressPort::ExpressPort(const PortModel& model, PciPlace place, std::shared_ptr<void> config,
                         MsiTarget& messages)
    : Device(*model.type, place.id, config),
      PciBridge(place, model.identity, new_bus_name(place.bus->topology(), place.id, "pcie."),
                PciBusType::Express),
      settings_(static_cast<const PortConfig*>(config.get())) {
    add_capabilities(model, messages);
    if (model.role == ExpressRole::RootPort) {
        // Closed until somebody programs them; QEMU's root ports alone come up so.
        PciFunction::config().set8(kIoBase, 0xf0);
        PciFunction::config().set16(kMemoryBase, 0xfff0);
        PciFunction::config().set16(kPrefetchableBase, 0xfff0 | kWindow64);
    }
    if (has_slot()) {
        if (settings_->hotplug && place.bus->topology().hotplug_notifier() == nullptr) {
            slot_.emplace(HotplugSlot::Options{settings_->attention_button,
                                               settings_->power_controller_present});
        }
        reset_slot();
    }
}

void ExpressPort::add_capabilities(const PortModel& model, MsiTarget& messages) {
    ConfigSpace& space = PciFunction::config();
    const auto add_subsystem = [&] {
        add_subsystem_capability(space, model.subsystem_vendor_id, 0, model.subsystem_offset);
    };
    if (!model.msi) {
        add_subsystem();
        add_msix_with_bar(1, 0, messages);
    } else if (model.subsystem_offset < *model.msi->offset) {
        add_subsystem();
        add_msi(*model.msi, messages);
    } else {
        add_msi(*model.msi, messages);
        add_subsystem();
    }
    ExpressOptions options;
    options.port_number = settings_->port;
    options.offset = model.express_offset;
    if (model.role != ExpressRole::UpstreamPort) {
        const bool is_native = bus().topology().hotplug_notifier() == nullptr;
        options.slot =
            ExpressSlot{settings_->slot, settings_->hotplug && is_native,
                        settings_->power_controller_present, settings_->attention_button};
        // PCIe 5.0 §7.5.3.6: a port that a device may come to tells whether its link is up.
        options.link.reports_active = true;
    }
    if (model.has_link_properties) {
        options.link.speed = static_cast<std::uint8_t>(settings_->speed);
        options.link.width = static_cast<std::uint8_t>(settings_->width);
    }
    const bool has_express = add_express(model.role, options).has_value();
    SISKIN_ASSERT(has_express);  // the place rule saw to it
    add_reserve_capability(space,
                           reserve_of(settings_->reserve, type_name()).value_or(BridgeReserve{}));
    add_aer(AerOptions{model.role == ExpressRole::RootPort, true, settings_->aer_log_max});
    if (model.has_acs && !settings_->disable_acs) {
        add_acs_capability(space);
    }
}

ExpressPort::~ExpressPort() {
    unplug();
}

void ExpressPort::reset(std::function<void()> done) {
    reset_function();
    done();
}

void ExpressPort::config_write(IoAccess access, std::uint64_t value) {
    PciBridge::config_write(access, value);
    const std::uint64_t control =
        express_offset() ? *express_offset() + kExpressSlotControl : std::uint64_t{0};
    if (slot_ && access.offset < control + 2 && control < access.offset + access.width) {
        const bool was_asked = slot_->is_asked();
        const HotplugSlot::Outcome outcome = slot_->control_written(slot_control());
        if (slot_->is_answered()) {
            tell_sign(was_asked ? SlotSign::UnplugAnswered : SlotSign::PlugAnswered);
        }
        show_slot(outcome);
    }
    update_link();
    if (aer() != nullptr) {
        aer()->set_message_number(error_vector());
    }
    update_interrupt();
}

void ExpressPort::on_reset() {
    if (has_slot()) {
        reset_slot();
    }
}

void ExpressPort::on_presence() {
    if (!slot_) {
        update_link();
    } else if (bus().topology().hotplug_observer() == nullptr) {
        // The machine is being put together.
        reset_slot();
    } else {
        slot_->set_occupied(is_occupied());
        show_slot(HotplugSlot::Outcome::None);
    }
}

void ExpressPort::request_eject(unsigned /*device*/) {
    if (slot_) {
        show_slot(slot_->request_eject());
    }
}

std::uint16_t ExpressPort::slot_control() const {
    return PciFunction::config().get16(*express_offset() + kExpressSlotControl);
}

// Function 0 tells of the device; it comes last (bus.h).
bool ExpressPort::is_occupied() const {
    return secondary().function(DevFn::of(0, 0)) != nullptr;
}

void ExpressPort::reset_slot() {
    reset_express_slot(PciFunction::config(), *express_offset(), is_occupied());
    if (slot_) {
        slot_->reset(slot_control(), is_occupied());
        slot_interrupt_ = false;
        apply();
    }
    update_link();
}

void ExpressPort::tell_sign(SlotSign sign) {
    if (HotplugObserver* const observer = bus().topology().hotplug_observer()) {
        observer->on_slot_sign(secondary(), 0, sign);
    }
}

void ExpressPort::show_slot(HotplugSlot::Outcome outcome) {
    const std::uint16_t events = slot_->take_events();
    if (is_occupied() &&
        (events & (kExpressSlotButtonPressed | kExpressSlotPresenceChanged)) != 0) {
        tell_sign(slot_->is_asked() ? SlotSign::UnplugTold : SlotSign::PlugTold);
    }
    PciFunction::config().update16(*express_offset() + kExpressSlotStatus, events, events);
    update_link();
    // What is behind appears or disappears.
    apply();
    update_interrupt();
    HotplugObserver* const observer = bus().topology().hotplug_observer();
    if (observer != nullptr && outcome == HotplugSlot::Outcome::Ejected) {
        observer->on_ejected(secondary(), 0);
    } else if (observer != nullptr && outcome == HotplugSlot::Outcome::Refused) {
        observer->on_eject_refused(secondary(), 0);
    }
}

// PCIe 5.0 §6.7.3.4: a message when the first enabled event comes, the pin as long as there is one.
void ExpressPort::update_interrupt() {
    bool now = false;
    if (slot_) {
        const std::uint16_t control = slot_control();
        const std::uint16_t status =
            PciFunction::config().get16(*express_offset() + kExpressSlotStatus);
        const bool link =
            (control & kExpressSlotLinkEnable) != 0 && (status & kExpressSlotLinkChanged) != 0;
        constexpr unsigned kSameBits = kExpressSlotEvents & ~unsigned{kExpressSlotLinkChanged};
        now =
            (control & kExpressSlotInterrupt) != 0 && (link || (status & control & kSameBits) != 0);
    }
    const bool due = now && !slot_interrupt_;
    slot_interrupt_ = now;
    set_intx(now || (aer() != nullptr && aer()->interrupt_asserted()));
    if (due) {
        send_interrupt(0);
    }
}

bool ExpressPort::is_link_down() const {
    if (slot_ && !slot_->is_reachable()) {
        return true;
    }
    return has_slot() && (PciFunction::config().get16(*express_offset() + kExpressLinkControl) &
                          kExpressLinkDisable) != 0;
}

void ExpressPort::update_link() {
    if (!has_slot()) {
        return;
    }
    ExpressPartner partner;
    if (is_occupied()) {
        partner.present = !slot_ || slot_->is_present();
        partner.link_up = !is_link_down() && (!slot_ || slot_->is_link_up());
        const PciFunction& device = *secondary().function(DevFn::of(0, 0));
        if (device.express_offset()) {
            partner.link = express_link(device.config(), *device.express_offset());
        }
    }
    set_express_partner(PciFunction::config(), *express_offset(), partner);
}

bool ExpressPort::forwards_by_ari() const {
    return has_slot() && (PciFunction::config().get16(*express_offset() + kExpressDeviceControl2) &
                          kExpressAriForwarding) != 0;
}

BridgeReserve ExpressPort::reserve() const {
    BridgeReserve reserve = reserve_of(settings_->reserve, type_name()).value_or(BridgeReserve{});
    if (allows_hot_plug()) {
        // For a device that comes later; what firmware for QEMU leaves free.
        const bool any_prefetchable = reserve.prefetchable32 || reserve.prefetchable64;
        reserve.memory = reserve.memory.value_or(kHotplugReserve);
        if (!any_prefetchable) {
            reserve.prefetchable64 = kHotplugReserve;
        }
    }
    return reserve;
}

bool ExpressPort::receive_error(ErrorMessage message, Bdf source) {
    if (express_type() != ExpressType::RootPort) {
        return PciBridge::receive_error(message, source);
    }
    // The port's own errors do not pass its bridge.
    const bool is_own = source == bdf();
    if (is_own || PciBridge::receive_error(message, source)) {
        const bool due = aer()->receive(message, source);
        update_interrupt();
        if (due) {
            send_interrupt(error_vector());
        }
    }
    return false;
}

unsigned ExpressPort::error_vector() {
    return msi() != nullptr && msi()->allocated() > 1 ? 1 : 0;
}

void ExpressPort::send_interrupt(unsigned vector) {
    if (msix_enabled()) {
        if (const auto event = msix()->event(static_cast<std::uint16_t>(vector))) {
            (*event)->signal();
        }
    } else if (msi() != nullptr) {
        msi()->raise(vector);
    }
}

}  // namespace siskin
