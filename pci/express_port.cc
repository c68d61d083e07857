// SPDX-License-Identifier: Apache-2.0
// A port's registers and what a change of them does.
#include "pci/express_port.h"

#include "base/text.h"

namespace siskin {

using namespace pci_spec;

namespace {

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
    SISKIN_TRY(reserve_of(settings.reserve, model.type->name));
    if (model.role != ExpressRole::UpstreamPort) {
        SISKIN_TRY(check_slot_is_free(place.bus->topology(), settings));
    }
    std::unique_ptr<ExpressPort> port(
        new ExpressPort(model, std::move(place), std::move(config), messages));
    port->plug();
    return port;
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
        reset_express_slot(PciFunction::config(), *express_offset(), false);
        update_link();
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
        options.slot = ExpressSlot{settings_->slot, false, settings_->power_controller_present};
        // PCIe 5.0 §7.5.3.6: a port that a device may come to tells whether its link is up.
        options.link.reports_active = true;
    }
    if (model.has_link_properties) {
        options.link.speed = static_cast<std::uint8_t>(settings_->speed);
        options.link.width = static_cast<std::uint8_t>(settings_->width);
    }
    const bool has_express = add_express(model.role, options).has_value();
    SISKIN_ASSERT(has_express);  // the place rule saw to it
    add_reserve_capability(space, reserve());
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
    update_link();
    if (aer() != nullptr) {
        aer()->set_message_number(error_vector());
        set_intx(aer()->interrupt_asserted());
    }
}

void ExpressPort::on_reset() {
    if (has_slot()) {
        reset_express_slot(PciFunction::config(), *express_offset(),
                           !secondary().functions().empty());
    }
    update_link();
}

void ExpressPort::on_presence() {
    update_link();
}

bool ExpressPort::is_link_down() const {
    return has_slot() && (PciFunction::config().get16(*express_offset() + kExpressLinkControl) &
                          kExpressLinkDisable) != 0;
}

void ExpressPort::update_link() {
    if (!has_slot()) {
        return;
    }
    ExpressPartner partner;
    if (!secondary().functions().empty()) {
        partner.present = true;
        partner.link_up = !is_link_down();
        const PciFunction& device = *secondary().functions().begin()->second;
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
    return reserve_of(settings_->reserve, type_name()).value_or(BridgeReserve{});
}

bool ExpressPort::receive_error(ErrorMessage message, Bdf source) {
    if (express_type() != ExpressType::RootPort) {
        return PciBridge::receive_error(message, source);
    }
    // The port's own errors do not pass its bridge.
    const bool is_own = source == bdf();
    if (is_own || PciBridge::receive_error(message, source)) {
        const bool due = aer()->receive(message, source);
        set_intx(aer()->interrupt_asserted());
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
