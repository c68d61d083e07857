// SPDX-License-Identifier: Apache-2.0
// The root port's registers and its place.
#include "pci/root_port.h"

#include "base/text.h"

namespace siskin {
namespace {

constexpr std::uint16_t kExpressOffset = 0x54;

const PciBus& root_of(const PciBus& bus) {
    const PciBus* at = &bus;
    while (!at->is_root()) {
        at = &at->parent()->bus();
    }
    return *at;
}

// Its own id, so that users name the bus by the port; else the first free "pcie.N", N from 1.
std::string secondary_name(const PciPlace& place) {
    if (!place.id.empty()) {
        return place.id;
    }
    for (unsigned number = 1;; ++number) {
        const std::string name = concat("pcie.", number);
        bool taken = false;
        for_each_function(root_of(*place.bus), [&](const PciFunction& function) {
            const PciBridge* const bridge = function.as_bridge();
            taken = taken || (bridge != nullptr && bridge->secondary().name() == name);
        });
        if (!taken) {
            return name;
        }
    }
}

// A chassis and slot name one slot. The default, 0 and 0, names none.
Result<> check_slot_is_free(const PciBus& root, const RootPortConfig& wanted) {
    if (wanted.chassis == 0 && wanted.slot == 0) {
        return {};
    }
    const RootPort* holder = nullptr;
    for_each_function(root, [&](const PciFunction& function) {
        const auto* const port = dynamic_cast<const RootPort*>(&function);
        if (port != nullptr && port->settings().chassis == wanted.chassis &&
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

const DeviceType kRootPortType{
    "pcie-root-port",
    "",
    "PCI Express Root Port",
    DeviceCategory::Bridge,
    "PCI",
    kRootPortGroups,
    make_config<RootPortConfig>,
};

Result<std::unique_ptr<RootPort>> RootPort::create(PciPlace place, std::shared_ptr<void> config) {
    const PciBus& bus = *place.bus;
    if (!bus.is_root() || !bus.is_express()) {
        return fail(
            concat("pcie-root-port goes on a PCI Express root bus, '", bus.name(), "' is none"));
    }
    const auto& settings = *static_cast<const RootPortConfig*>(config.get());
    SISKIN_TRY(check_slot_is_free(bus, settings));
    std::unique_ptr<RootPort> port(new RootPort(std::move(place), std::move(config)));
    port->plug();
    return port;
}

RootPort::RootPort(PciPlace place, std::shared_ptr<void> config)
    : Device(kRootPortType, place.id, config),
      PciBridge(place,
                PciIdentity{.vendor_id = 0x1b36,
                            .device_id = 0x000c,
                            .class_code = pci_spec::kClassPciBridge,
                            .interrupt_pin = 1,
                            .extended_config = true,
                            .header = HeaderType::Bridge},
                secondary_name(place), PciBusType::Express),
      settings_(static_cast<const RootPortConfig*>(config.get())) {
    ExpressOptions options;
    options.port_number = settings_->port;
    options.slot_number = settings_->slot;
    options.offset = kExpressOffset;
    express_ = add_express(ExpressRole::RootPort, options).value_or(0);
}

RootPort::~RootPort() {
    unplug();
}

void RootPort::reset(std::function<void()> done) {
    reset_function();
    done();
}

void RootPort::on_reset() {
    on_presence();
}

void RootPort::on_presence() {
    set_express_presence(PciFunction::config(), express_, !secondary().functions().empty());
}

}  // namespace siskin
