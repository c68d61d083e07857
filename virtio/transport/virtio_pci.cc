// SPDX-License-Identifier: Apache-2.0
// VirtioPci.
#include "virtio/transport/virtio_pci.h"

#include <utility>

#include "base/bus/access_hold.h"
#include "base/text.h"
#include "pci/bus.h"
#include "virtio/spec.h"
#include "virtio/transport/function_identity.h"

namespace siskin {

namespace spec = virtio_spec;

Result<std::unique_ptr<VirtioPci>> VirtioPci::create(const DeviceType& type, PciPlace place,
                                                     std::shared_ptr<void> config,
                                                     const VirtioPciProperties& properties,
                                                     const VirtioPciServices& services,
                                                     std::unique_ptr<VirtioDevice> device) {
    const bool below_port = is_express_at(place);
    SISKIN_TRY(check_virtio_properties(properties, type.name, below_port));
    const VirtioInterfaces interfaces = interfaces_of(properties, below_port);
    if (interfaces != VirtioInterfaces::Modern && !transitional_device_id(device->device_id())) {
        return fail(concat(type.name, " has no legacy interface: say disable-legacy=on"));
    }
    const std::size_t queue_count = device->queue_sizes().size();
    SISKIN_ASSERT(queue_count <= kQueuesMax);
    auto notify = SISKIN_TRY(NotifyRegion::create(
        queue_count, properties.ioeventfd ? &services.doorbells : nullptr, subject_of(place)));
    EventFd isr_changed = SISKIN_TRY(EventFd::create());
    std::unique_ptr<VirtioPci> self(new VirtioPci(type, place, std::move(config), properties,
                                                  interfaces, services, std::move(device),
                                                  std::move(notify), std::move(isr_changed)));
    SISKIN_TRY(self->isr_.connect(services.relay));
    // Nothing fails from here on. Bus Master Enable is off at power-on.
    self->device_->allow_transfers(false);
    self->plug();
    return self;
}

VirtioPci::VirtioPci(const DeviceType& type, const PciPlace& place, std::shared_ptr<void> config,
                     const VirtioPciProperties& properties, VirtioInterfaces interfaces,
                     const VirtioPciServices& services, std::unique_ptr<VirtioDevice> device,
                     std::unique_ptr<NotifyRegion> notify, EventFd isr_changed)
    : Device(type, place.id, std::move(config)),
      PciFunction(place, identity_of(*device, place, interfaces)),
      services_(services),
      relayed_messages_(services.messages, services.relay),
      backend_type_(backend_type_of(type)),
      backend_{"virtio-backend", backend_type_},
      device_(std::move(device)),
      log_(subject_of(place)),
      notify_(std::move(notify)),
      isr_(std::move(isr_changed), [this](bool asserted) { set_intx(asserted); }),
      common_(*device_, offered_features(*device_, properties), *this),
      device_config_(*device_),
      config_interrupt_(isr_, spec::kIsrConfiguration),
      queue_drains_(device_->queue_sizes().size()) {
    if (properties.x_irqfd) {
        direct_pin_.emplace(
            bus().intx(), *intx_input(), services.line_ends, [this] { return isr_.any(); },
            [this](std::string_view reason) { give_up_direct_pin(reason); });
    }
    const std::size_t queue_count = device_->queue_sizes().size();
    for (std::size_t index = 0; index < queue_count; ++index) {
        queue_interrupts_.push_back(std::make_unique<TransportInterrupt>(isr_, spec::kIsrQueue));
    }
    const auto vectors = static_cast<std::uint16_t>(
        properties.vectors.value_or(static_cast<std::uint32_t>(queue_count + 1)));
    if (interfaces != VirtioInterfaces::Modern) {
        add_legacy_bar(vectors != 0);
    }
    if (interfaces != VirtioInterfaces::Legacy) {
        add_modern_bar(is_express_at(place));
    }
    if (vectors != 0) {
        MsiTarget& direct = services_.messages;
        MsiTarget& relayed = relayed_messages_;
        add_msix_with_bar(vectors, kMsixBar, properties.x_irqfd ? direct : relayed);
    }
    if (properties.aer) {
        add_aer(AerOptions{});
    }
    if (properties.ats) {
        add_ats(properties.x_ats_page_aligned);
    }
    if (properties.x_ari) {
        add_ari();
    }
    if (properties.x_serial_number) {
        add_serial_number(*properties.x_serial_number);
    }
}

void VirtioPci::add_legacy_bar(bool has_msix) {
    legacy_.emplace(
        *device_, common_, isr_, *notify_, [this] { before_access(); },
        [this] { return msix_enabled(); });
    const std::uint64_t size = LegacyConfig::bar_size(*device_, has_msix);
    add_bar(kLegacyBar, BarSpec{BarKind::Io, false, ByteCount{size}, &*legacy_});
}

void VirtioPci::add_modern_bar(bool is_express) {
    regions_.add(kCommonOffset, kRegionSize, common_);
    regions_.add(kIsrOffset, kRegionSize, isr_);
    regions_.add(kDeviceOffset, kRegionSize, device_config_);
    regions_.add(kNotifyOffset, kRegionSize, *notify_);
    add_bar(kModernBar, BarSpec{BarKind::Memory64, true, ByteCount{kModernBarSize}, &regions_});
    if (is_express) {
        ExpressOptions express;
        express.function_level_reset = true;
        add_express(ExpressRole::Endpoint, express);
        add_power_management();
    }
    add_region(spec::kCapabilityCommon, kCommonOffset);
    add_region(spec::kCapabilityIsr, kIsrOffset);
    add_region(spec::kCapabilityDevice, kDeviceOffset);
    add_region(spec::kCapabilityNotify, kNotifyOffset);
    cfg_access_ =
        std::make_unique<PciCfgAccess>(PciFunction::config(), kModernBar, kModernBarSize, regions_);
}

void VirtioPci::add_region(std::uint8_t type, std::uint64_t offset) {
    ConfigSpace& space = PciFunction::config();
    const bool notify = type == spec::kCapabilityNotify;
    const std::uint8_t size = notify ? spec::kCapabilityExtendedSize : spec::kCapabilitySize;
    const std::uint16_t at = space.add_capability(pci_spec::kCapabilityVendor, size);
    space.set8(at + spec::kCapabilityLengthOffset, size);
    space.set8(at + spec::kCapabilityTypeOffset, type);
    space.set8(at + spec::kCapabilityBarOffset, kModernBar);
    space.set32(at + spec::kCapabilityRegionOffset, static_cast<std::uint32_t>(offset));
    space.set32(at + spec::kCapabilityRegionLength, static_cast<std::uint32_t>(kRegionSize));
    if (notify) {
        space.set32(at + spec::kCapabilityExtra, NotifyRegion::kMultiplier);
    }
}

VirtioPci::~VirtioPci() {
    unplug();
    begin_reset();
    // The device waits for its I/O thread, which may still use the kicks and interrupts above.
    device_.reset();
}

void VirtioPci::reset(std::function<void()> done) {
    reset_function();
    device_->deactivate(std::move(done));
}

void VirtioPci::settle() {
    device_->settle();
}

void VirtioPci::pause(std::function<void()> done) {
    machine_paused_ = true;
    device_->pause(std::move(done));
}

void VirtioPci::resume() {
    machine_paused_ = false;
    if (may_master()) {
        device_->allow_transfers(true);
    }
}

std::uint64_t VirtioPci::config_read(IoAccess access) {
    // PCIe 5.0 §7.5.3.5: whoever stopped or reset the function may wait here for its last transfer.
    set_transactions_pending(drains_.is_pending() || (!may_master() && !device_->is_quiet()));
    if (direct_pin_ && direct_pin_->is_open()) {
        isr_.update_pin();  // Interrupt Status; nobody told us of the causes
    }
    if (cfg_access_ != nullptr) {
        cfg_access_->before_read(access.offset, access.width);
    }
    return PciFunction::config_read(access);
}

void VirtioPci::config_write(IoAccess access, std::uint64_t value) {
    PciFunction::config_write(access, value);
    if (cfg_access_ != nullptr) {
        cfg_access_->after_write(access.offset, access.width);
    }
}

void VirtioPci::on_bar_moved(unsigned index, std::optional<GuestAddress> address) {
    if (index == kModernBar) {
        notify_->move_to(address ? checked_add(*address, ByteCount{kNotifyOffset}) : std::nullopt);
    } else if (index == kLegacyBar) {
        notify_->move_to(
            address ? checked_add(*address, ByteCount{spec::kLegacyQueueNotify}) : std::nullopt,
            DoorbellSpace::Ports);
    }
}

void VirtioPci::on_bus_master(bool enabled) {
    device_->allow_transfers(enabled && !machine_paused_);
}

void VirtioPci::on_msix_enabled(bool) {
    route_interrupts();
}

void VirtioPci::on_intx_open(bool) {
    lead_pin();
}

void VirtioPci::on_reset_begins() {
    begin_reset();
}

bool VirtioPci::is_valid_queue(const QueueConfig& config, std::uint16_t size_max) {
    const auto checked = check_queue(config, size_max, ring_format_of(common_.accepted()),
                                     *services_.guest_memory());
    if (!checked) {
        log_.report(checked.error().message);
    }
    return checked.has_value();
}

bool VirtioPci::is_usable_vector(std::uint16_t vector) {
    return msix() != nullptr && msix()->event(vector).has_value();
}

void VirtioPci::on_vectors_changed() {
    route_interrupts();
}

void VirtioPci::on_features_ok(FeatureSet accepted) {
    device_->features_accepted(accepted);
}

Result<ActiveQueue> VirtioPci::enable_queue(std::size_t index,
                                            std::shared_ptr<const GuestMemory> memory) {
    const QueueRegisters& registers = common_.queues()[index];
    Virtqueue queue = SISKIN_TRY(Virtqueue::enable(registers.config, registers.size_max,
                                                   common_.accepted(), std::move(memory)));
    return ActiveQueue{QueueIndex{static_cast<std::uint16_t>(index)}, std::move(queue),
                       notify_->kick(index), *queue_interrupts_[index]};
}

void VirtioPci::on_driver_ok() {
    const auto memory = services_.guest_memory();
    ActiveQueues queues;
    queues.accepted = common_.accepted();
    std::string refused;
    for (std::size_t index = 0; index < common_.queues().size(); ++index) {
        if (!common_.queues()[index].enabled) {
            continue;
        }
        auto queue = enable_queue(index, memory);
        if (!queue) {
            refused = queue.error().message;
            break;
        }
        queues.queues.push_back(std::move(*queue));
    }
    active_ = true;
    route_interrupts();
    if (!refused.empty()) {
        // Memory changed since the queue was enabled.
        needs_reset(refused);
        return;
    }
    for (const ActiveQueue& queue : queues.queues) {
        notify_->arm(queue.index.value(), doorbell_space());
    }
    device_->activate(std::move(queues), *this);
    note_use(FunctionUse::DriverReady);
}

void VirtioPci::on_reset_requested(DriverInterface by) {
    begin_reset();
    if (by == DriverInterface::Legacy && drains_.is_pending()) {
        // Such a driver frees its memory after the write, so its vCPU waits inside it. Not here:
        // a slow disk holds up nobody else.
        device_->deactivate(AccessHold::begin());
    }
    before_access();
}

void VirtioPci::on_legacy_driver() {
    // Linux before 2.6.34 does not turn bus mastering on for its virtio devices, and waits for ever
    // where nobody does it for it.
    const std::uint16_t command = PciFunction::config().get16(pci_spec::kCommand);
    config_write(IoAccess{pci_spec::kCommand, 2}, command | pci_spec::kCommandBusMaster);
}

DoorbellSpace VirtioPci::doorbell_space() const {
    return common_.is_legacy() ? DoorbellSpace::Ports : DoorbellSpace::Memory;
}

// Also while one is going on: the driver's reset may be followed by one from outside.
void VirtioPci::begin_reset() {
    notify_->disarm_all();
    common_.begin_reset();
    const bool was_active = std::exchange(active_, false);
    // First, so that a cause does not raise the line by one way while the other closes.
    isr_.set_pin_enabled(false);
    route_interrupts();
    isr_.clear();
    if (was_active) {
        device_->deactivate(drains_.begin());
    } else {
        device_->features_forgotten();
    }
}

void VirtioPci::before_access() {
    if (common_.resetting()) {
        if (!drains_.is_pending()) {
            needs_reset_.store(false);
            isr_.clear();
            common_.finish_reset();
        }
        return;
    }
    for (std::size_t index = 0; index < queue_drains_.size(); ++index) {
        if (common_.queues()[index].resetting && !queue_drains_[index].is_pending()) {
            common_.finish_queue_reset(index);
            route_interrupts();
        }
    }
}

void VirtioPci::on_queue_reset_requested(std::size_t index, DriverInterface by) {
    notify_->disarm(index);
    route_interrupts();
    auto done = queue_drains_[index].begin();
    if (by == DriverInterface::Legacy) {
        done = [drained = std::move(done), go_on = AccessHold::begin()] {
            drained();
            go_on();
        };
    }
    device_->reset_queue(QueueIndex{static_cast<std::uint16_t>(index)}, std::move(done));
    before_access();
}

bool VirtioPci::on_queue_enabled_again(std::size_t index) {
    if (!active_ || needs_reset_.load()) {
        return false;
    }
    auto queue = enable_queue(index, services_.guest_memory());
    if (!queue) {
        log_.report(queue.error().message);
        return false;
    }
    notify_->arm(index, doorbell_space());
    device_->enable_queue(std::move(*queue));
    return true;
}

void VirtioPci::needs_reset(std::string_view reason) {
    log_.report(reason);
    needs_reset_.store(true);
    // virtio 1.2 §2.1.2: after DRIVER_OK the driver is told.
    config_interrupt_.signal();
}

void VirtioPci::guest_error(std::string_view reason) {
    log_.report(reason);
}

}  // namespace siskin
