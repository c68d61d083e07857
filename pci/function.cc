// SPDX-License-Identifier: Apache-2.0
// PciFunction: what each register write implies.
#include "pci/function.h"

#include "base/bits.h"
#include "base/result.h"
#include "base/text.h"
#include "pci/bridge.h"
#include "pci/bus.h"
#include "pci/topology.h"

namespace siskin {

using namespace pci_spec;

PciFunction::PciFunction(PciPlace place, const PciIdentity& identity)
    : place_(std::move(place)),
      config_(identity.header, identity.extended_config && place_.bus->is_express()
                                   ? kExpressSize
                                   : kConventionalSize) {
    config_.set16(kVendorId, identity.vendor_id);
    config_.set16(kDeviceId, identity.device_id);
    config_.set8(kRevision, identity.revision);
    config_.registers().set(kClassCode, 3, identity.class_code);
    config_.set8(kInterruptPin, identity.interrupt_pin);
    if (identity.header == HeaderType::Endpoint) {
        config_.set16(kSubsystemVendorId, identity.subsystem_vendor_id);
        config_.set16(kSubsystemId, identity.subsystem_id);
    }
    if (place_.multifunction) {
        config_.set8(kHeaderType, config_.get8(kHeaderType) | kHeaderMultifunction);
    }
    if (place_.rom != nullptr) {
        bars_.at(kRomBar).emplace(
            config_, kRomBar, BarSpec{BarKind::Rom, false, place_.rom->size(), place_.rom.get()});
    }
    if (identity.interrupt_pin != 0) {
        intx_input_ = place_.bus->root_input(place_.devfn, identity.interrupt_pin - 1U);
    }
}

PciFunction::~PciFunction() {
    unplug();
}

void PciFunction::add_bar(unsigned index, const BarSpec& spec) {
    const bool is_bridge = (config_.get8(kHeaderType) & 0x7f) != 0;
    const unsigned registers = spec.kind == BarKind::Memory64 ? 2 : 1;
    SISKIN_ASSERT(index + registers <= (is_bridge ? 2U : kRomBar) && !bars_.at(index));
    bars_.at(index).emplace(config_, index, spec);
}

std::optional<std::uint16_t> PciFunction::add_express(ExpressRole role,
                                                      const ExpressOptions& options) {
    const auto type = express_type_at(role, place_.bus->is_express(), place_.bus->is_root());
    if (!type || config_.size() != kExpressSize) {
        return std::nullopt;
    }
    express_type_ = type;
    express_offset_ = add_express_capability(config_, *type, options);
    return express_offset_;
}

std::uint16_t PciFunction::add_power_management(std::optional<std::uint16_t> offset) {
    power_offset_ = add_power_capability(config_, offset);
    return *power_offset_;
}

MsiCapability& PciFunction::add_msi(const MsiOptions& options, MsiTarget& target) {
    SISKIN_ASSERT(msi_ == nullptr);
    msi_ = std::make_unique<MsiCapability>(config_, target, options);
    return *msi_;
}

void PciFunction::add_aer(const AerOptions& options) {
    if (express_offset_) {
        aer_ = std::make_unique<AerCapability>(config_, options);
    }
}

void PciFunction::add_ats(bool page_aligned) {
    if (express_offset_) {
        add_ats_capability(config_, page_aligned);
    }
}

void PciFunction::add_ari() {
    if (express_offset_ && place_.bus->has_one_device()) {
        ari_offset_ = add_ari_capability(config_);
    }
}

void PciFunction::add_serial_number(std::uint64_t serial_number) {
    if (express_offset_) {
        add_serial_number_capability(config_, serial_number);
    }
}

MsixTable& PciFunction::add_msix(std::uint16_t vector_count, const MsixPlacement& placement,
                                 MsiTarget& target, std::optional<std::uint16_t> offset) {
    SISKIN_ASSERT(msix_ == nullptr);
    msix_ = std::make_unique<MsixTable>(vector_count, target,
                                        concat(place_.type_name, " '", place_.id, "'"));
    msix_offset_ = add_msix_capability(config_, vector_count, placement, offset);
    return *msix_;
}

MsixTable& PciFunction::add_msix_with_bar(std::uint16_t vector_count, unsigned bar_index,
                                          MsiTarget& target, std::optional<std::uint16_t> offset) {
    // PCIe 5.0 §7.7.2: nothing else shares the 4 KiB of the table or of the pending bits.
    const std::uint64_t table_size = std::uint64_t{vector_count} * kMsixEntrySize;
    const std::uint64_t pending_offset =
        table_size <= 2 * kKiB ? 2 * kKiB : align_up(table_size, 4 * kKiB);
    MsixTable& table = add_msix(
        vector_count,
        MsixPlacement{static_cast<std::uint8_t>(bar_index), 0, static_cast<std::uint8_t>(bar_index),
                      static_cast<std::uint32_t>(pending_offset)},
        target, offset);
    msix_regions_ = std::make_unique<BarRegions>();
    msix_regions_->add(0, table.table_size(), table.table());
    msix_regions_->add(pending_offset, table.pending_bits_size(), table.pending_bits());
    std::uint64_t size = 4 * kKiB;
    while (size < pending_offset + table.pending_bits_size()) {
        size *= 2;
    }
    add_bar(bar_index, BarSpec{BarKind::Memory32, false, ByteCount{size}, msix_regions_.get()});
    return table;
}

void PciFunction::plug() {
    SISKIN_ASSERT(!plugged_ && place_.bus->function(place_.devfn) == nullptr);
    config_.remember_power_on();
    const Topology::Batch batch(place_.bus->topology());
    plugged_ = true;
    place_.bus->add(*this);
    apply();
    place_.bus->topology().changed();
}

void PciFunction::unplug() {
    if (!plugged_) {
        return;
    }
    plugged_ = false;
    update_bus_master();
    update_msi();
    update_msix();
    update_intx();
    decode_ = Decode{};
    // The map may be made anew only when a batch ends, and without this function.
    for (std::optional<Bar>& bar : bars_) {
        if (bar && bar->mapped()) {
            bar->set_mapped(std::nullopt);
            on_bar_moved(bar->index(), std::nullopt);
        }
    }
    place_.bus->topology().changed();
    place_.bus->remove(*this);
}

void PciFunction::watch_use() {
    unseen_uses_ = static_cast<unsigned>(FunctionUse::Enumerated) |
                   static_cast<unsigned>(FunctionUse::Enabled) |
                   static_cast<unsigned>(FunctionUse::DriverReady);
}

void PciFunction::tell_use(FunctionUse use) {
    unseen_uses_ &= ~static_cast<unsigned>(use);
    if (HotplugObserver* const observer = place_.bus->topology().hotplug_observer()) {
        observer->on_function_use(*this, use);
    }
}

std::uint64_t PciFunction::config_read(IoAccess access) {
    note_use(FunctionUse::Enumerated);
    if (ari_offset_) {
        // Functions come and go; the answer is always about those that are there.
        config_.set8(*ari_offset_ + kAriNextFunction, place_.bus->next_ari_function(place_.devfn));
    }
    return config_.read(access.offset, access.width);
}

void PciFunction::config_write(IoAccess access, std::uint64_t value) {
    const bool resets = starts_function_level_reset(access, value);
    const std::uint16_t power_before =
        power_offset_ ? config_.get16(*power_offset_ + kPowerControl) : std::uint16_t{0};
    config_.write(access.offset, access.width, value);
    for (std::optional<Bar>& bar : bars_) {
        if (bar) {
            bar->note_write(config_, access.offset, access.width);
        }
    }
    if (power_offset_) {
        settle_power_state(config_, *power_offset_, power_before);
    }
    if (aer_ != nullptr) {
        aer_->note_write();
    }
    if (resets) {
        reset_function(ResetKind::Warm);
    } else {
        apply();
    }
    note_use(FunctionUse::Enumerated);
    if ((config_.get16(kCommand) & kCommandBusMaster) != 0) {
        note_use(FunctionUse::Enabled);
    }
}

// PCIe 5.0 §6.6.2: Initiate Function Level Reset reads 0 and acts on a written 1.
bool PciFunction::starts_function_level_reset(IoAccess access, std::uint64_t value) const {
    if (!express_offset_ ||
        (config_.get32(*express_offset_ + kExpressDeviceCapabilities) & kExpressFlrCapable) == 0) {
        return false;
    }
    const std::uint64_t at = *express_offset_ + kExpressDeviceControl + 1U;  // its upper byte
    if (access.offset > at || at - access.offset >= access.width) {
        return false;
    }
    return (value >> ((at - access.offset) * 8) & (kExpressInitiateFlr >> 8)) != 0;
}

void PciFunction::set_intx(bool asserted) {
    intx_pending_ = asserted;
    update_intx();
}

void PciFunction::set_intx_driven_elsewhere(bool elsewhere) {
    intx_driven_elsewhere_ = elsewhere;
    update_intx();
}

bool PciFunction::intx_open() const {
    return plugged_ && intx_input_ && in_d0() && !messages_enabled() &&
           (config_.get16(kCommand) & kCommandIntxDisable) == 0;
}

void PciFunction::set_transactions_pending(bool pending) {
    if (express_offset_) {
        config_.update16(*express_offset_ + kExpressDeviceStatus, kExpressTransactionsPending,
                         pending ? kExpressTransactionsPending : std::uint16_t{0});
    }
}

bool PciFunction::decodes_memory() const {
    return plugged_ && in_d0() && (config_.get16(kCommand) & kCommandMemory) != 0;
}

bool PciFunction::decodes_io() const {
    return plugged_ && in_d0() && (config_.get16(kCommand) & kCommandIo) != 0;
}

void PciFunction::reset_function(ResetKind kind) {
    const Topology::Batch batch(place_.bus->topology());
    on_reset_begins();
    config_.reset(kind);
    if (aer_ != nullptr) {
        aer_->reset(kind);
    }
    for (std::optional<Bar>& bar : bars_) {
        if (bar) {
            bar->settle(config_);
        }
    }
    intx_pending_ = false;
    if (msix_ != nullptr) {
        msix_->reset();
    }
    apply();
    reset_bridge(kind);
    on_reset();
}

void PciFunction::apply() {
    if (!plugged_) {
        return;
    }
    const Topology::Batch batch(place_.bus->topology());
    update_bus_master();
    update_msi();
    update_msix();
    update_intx();
    apply_bridge();
    const Decode now = decode();
    if (now != decode_) {
        decode_ = now;
        place_.bus->topology().changed();
    }
}

Bdf PciFunction::bdf() const {
    return Bdf{place_.bus->number(), place_.devfn};
}

PciFunction::Decode PciFunction::decode() const {
    Decode now{decodes_memory(), decodes_io(), {}};
    for (unsigned index = 0; index < kBarCount; ++index) {
        const std::optional<Bar>& bar = bars_.at(index);
        if (bar && (bar->is_io() ? now.io : now.memory)) {
            now.wanted.at(index) = bar->wanted(config_);
        }
    }
    return now;
}

bool PciFunction::in_d0() const {
    return !power_offset_ || is_in_d0(config_, *power_offset_);
}

// PCIe 5.0 §7.5.1.1.3: a bridge without Bus Master Enable forwards nothing upstream.
void PciFunction::update_bus_master() {
    const PciBridge* const parent = place_.bus->parent();
    const bool now = plugged_ && in_d0() && (config_.get16(kCommand) & kCommandBusMaster) != 0 &&
                     (parent == nullptr || parent->may_master());
    if (now != may_master_) {
        may_master_ = now;
        on_bus_master(now);
    }
}

void PciFunction::update_msi() {
    if (msi_ != nullptr) {
        msi_->update(may_master_);
    }
}

bool PciFunction::messages_enabled() const {
    return msix_enabled() || (msi_ != nullptr && msi_->enabled());
}

void PciFunction::update_msix() {
    if (msix_ == nullptr) {
        return;
    }
    const std::uint16_t control = config_.get16(*msix_offset_ + kMsixControl);
    const bool enabled = plugged_ && (control & kMsixEnable) != 0;
    msix_->set_gate(MsixTable::Gate{enabled, (control & kMsixFunctionMask) != 0, may_master_});
    if (enabled != msix_was_enabled_) {
        msix_was_enabled_ = enabled;
        on_msix_enabled(enabled);
    }
}

void PciFunction::update_intx() {
    config_.update16(kStatus, kStatusInterrupt,
                     intx_pending_ && intx_input_ ? kStatusInterrupt : std::uint16_t{0});
    const bool open = intx_open();
    if (open != intx_was_open_) {
        intx_was_open_ = open;
        on_intx_open(open);
    }
    const bool now = intx_pending_ && open && !intx_driven_elsewhere_;
    if (now == intx_raised_) {
        return;
    }
    intx_raised_ = now;
    if (now) {
        place_.bus->intx().raise(*intx_input_);
    } else {
        place_.bus->intx().lower(*intx_input_);
    }
}

}  // namespace siskin
