// SPDX-License-Identifier: Apache-2.0
// The q35 board.
#include "vmm/machine/board_q35.h"

#include <utility>

#include "base/text.h"
#include "firmware/acpi/pci_routing.h"
#include "pci/allocator.h"
#include "pci/vga.h"
#include "vmm/machine/address_plan.h"
#include "vmm/machine/ram_plan.h"

namespace siskin {

Result<std::unique_ptr<BoardQ35>> BoardQ35::create(const MachineConfig& config,
                                                   const ChipsetOptions& chipset, EventLoop& loop,
                                                   MachineLock& lock, IrqRouting& irqs,
                                                   MachineRequests& requests) {
    std::unique_ptr<BoardQ35> board(new BoardQ35(config, loop, lock, irqs, requests));
    SISKIN_TRY(board->create_devices(chipset, requests));
    SISKIN_TRY(board->map_ports());
    board->set_apertures();
    board->connect_intx();
    return board;
}

BoardQ35::BoardQ35(const MachineConfig& config, EventLoop& loop, MachineLock& lock,
                   IrqRouting& irqs, MachineRequests& requests)
    : config_(config),
      clock_(loop, lock),
      pci_(memory_, ports_),
      reset_control_(requests),
      i8042_(requests),
      port_92_(requests) {
    for (std::uint32_t gsi = 0; gsi < lines_.size(); ++gsi) {
        lines_[gsi] = irqs.line(Gsi{gsi});
    }
}

Result<> BoardQ35::create_devices(const ChipsetOptions& chipset, MachineRequests& requests) {
    pm_ = SISKIN_TRY(AcpiPm::create(*lines_[kSciGsi], clock_, requests));
    rtc_ = SISKIN_TRY(RtcCmos::create(*lines_[kRtcGsi], clock_));
    rtc_->set_memory_size(ByteCount{low_ram_size(config_.ram.value())},
                          ByteCount{high_ram_size(config_.ram.value())});
    mch_ = std::make_unique<Mch>(pci_.root(),
                                 [this](std::optional<EcamWindow> window) { map_ecam(window); });
    lpc_ = std::make_unique<Ich9Lpc>(pci_.root(),
                                     [this](std::optional<std::uint16_t> base) { map_pm(base); });
    mch_->plug();
    lpc_->plug();
    if (chipset.acpi_pci_hotplug) {
        acpi_hotplug_ = std::make_unique<AcpiPciHotplug>(
            pci_.topology(), [this] { pm_->raise_gpe(acpi::PciHotplugConfig::kEvent); });
        pci_.topology().set_hotplug_notifier(acpi_hotplug_.get());
    }
    return {};
}

Result<> BoardQ35::map_ports() {
    pci_.set_reset_control(&reset_control_);
    SISKIN_TRY(ports_.add(IoRange{HostBridge::kConfigPortsBase, HostBridge::kConfigPortsSize,
                                  &pci_.config_ports(), 0, "pci-conf"}));
    SISKIN_TRY(ports_.add(IoRange{I8042::kDataPort, 1, &i8042_, 0, "i8042-data"}));
    SISKIN_TRY(ports_.add(IoRange{I8042::kCommandPort, 1, &i8042_,
                                  I8042::kCommandPort - I8042::kDataPort, "i8042-cmd"}));
    SISKIN_TRY(ports_.add(IoRange{Port92::kPort, Port92::kPortCount, &port_92_, 0, "port92"}));
    if (acpi_hotplug_ != nullptr) {
        SISKIN_TRY(ports_.add(IoRange{AcpiPciHotplug::kPort, AcpiPciHotplug::kPortCount,
                                      acpi_hotplug_.get(), 0, "acpi-pci-hotplug"}));
    }
    SISKIN_TRY(ports_.add(IoRange{RtcCmos::kPort, RtcCmos::kPortCount, rtc_.get(), 0, "rtc"}));
    return {};
}

// A BAR over RAM or the interrupt controllers, which the kernel answers for, is not decoded: it
// gets neither a place in the map nor doorbells.
void BoardQ35::set_apertures() {
    const std::uint64_t ram = config_.ram.value();
    PciApertures apertures;
    // Nor over what is kept for memory that may come.
    const std::uint64_t high_end = kHighRamBase + high_ram_size(ram);
    const std::uint64_t above =
        config_.device_memory() == 0 ? high_end : device_memory_base(ram) + config_.device_memory();
    apertures.memory = {{kVgaMemoryBase, kVgaMemoryBase + kVgaMemorySize - 1},
                        {low_ram_size(ram), kIoApicBase - 1},
                        {above, ~std::uint64_t{0}}};
    pci_.topology().set_apertures(std::move(apertures));
}

void BoardQ35::connect_intx() {
    for (std::uint8_t slot = 0; slot < acpi::kPciSlots; ++slot) {
        for (std::uint8_t pin = 0; pin < kIntxPinCount; ++pin) {
            const Gsi gsi = acpi::pci_intx_gsi(slot, pin);
            pci_.intx().connect(IntxInput{slot, pin}, lines_[gsi.value()].get());
        }
    }
}

void BoardQ35::map_ecam(std::optional<EcamWindow> window) {
    memory_.remove(pci_.ecam());
    if (window) {
        const IoRange range{window->base.value(), window->size.value(), &pci_.ecam(), 0,
                            "pcie-mmcfg-mmio"};
        if (const auto mapped = memory_.add(range); !mapped) {
            log_.report(concat("PCIEXBAR: ", mapped.error().message));
        }
    }
    pci_.topology().changed();
}

void BoardQ35::map_pm(std::optional<std::uint16_t> base) {
    ports_.remove(*pm_);
    if (!base) {
        return;
    }
    if (const auto mapped = ports_.add(IoRange{*base, AcpiPm::kPortCount, pm_.get(), 0, "acpi-pm"});
        !mapped) {
        log_.report(concat("PMBASE: ", mapped.error().message));
    }
}

Result<> BoardQ35::reset() {
    pci_.reset();
    reset_control_.reset();
    i8042_.reset();
    port_92_.reset();
    pm_->reset();
    rtc_->reset();
    if (acpi_hotplug_ != nullptr) {
        acpi_hotplug_->reset();
    }
    place_chipset();
    return assign_resources(pci_, apertures(), interrupt_line);
}

AllocatorApertures BoardQ35::apertures() const {
    return {
        {kMmio32Base, kMmio32Size},
        {config_.bars_above_4g(), kMmio64Size},
        {kPciPortBase, kPciPortSize},
    };
}

std::uint8_t BoardQ35::interrupt_line(IntxInput input) {
    return static_cast<std::uint8_t>(acpi::pci_intx_gsi(input.device, input.pin).value());
}

// The registers that firmware programs before it looks at PCI devices.
void BoardQ35::place_chipset() {
    mch_->config_write(IoAccess{Mch::kPciexbar, 8}, kEcamBase | Mch::kPciexbarEnable);
    lpc_->config_write(IoAccess{Ich9Lpc::kPmBase, 4}, kPmBase);
    lpc_->config_write(IoAccess{Ich9Lpc::kAcpiControl, 1}, Ich9Lpc::kAcpiEnable);
}

namespace {

acpi::PciExpander expander_of(const PciBus& root) {
    const auto window = [](const PciBus::Range& range) {
        return acpi::PciWindow{GuestAddress{range.base}, ByteCount{range.size}};
    };
    acpi::PciExpander expander;
    expander.first_bus = root.number();
    for (const PciBus::Range& range : {root.ranges().memory32, root.ranges().memory64}) {
        if (range.size != 0) {
            expander.memory_windows.push_back(window(range));
        }
    }
    if (root.ranges().io.size != 0) {
        expander.io_window = window(root.ranges().io);
    }
    return expander;
}

}  // namespace

acpi::AcpiConfig BoardQ35::acpi_config() const {
    acpi::AcpiConfig tables;
    for (std::uint32_t index = 0; index < config_.topology.count(); ++index) {
        tables.apic_ids.push_back(config_.topology.apic_id(index));
    }
    tables.local_apic_address = GuestAddress{kLocalApicBase};
    tables.io_apic_address = GuestAddress{kIoApicBase};
    tables.sci = Gsi{kSciGsi};
    tables.pm.base = kPmBase;
    tables.pm.s5_sleep_type = AcpiPm::kSleepTypeS5;
    tables.reset.port = kResetControlPort;
    tables.ecam.base = GuestAddress{kEcamBase};
    tables.memory_windows = {
        {GuestAddress{kMmio32Base}, ByteCount{kMmio32Size}},
        {GuestAddress{config_.bars_above_4g()}, ByteCount{kMmio64Size}},
    };
    tables.numa = numa_tables(config_);
    for (const PciBus* const root : pci_.topology().roots()) {
        if (root->is_expander()) {
            tables.expanders.push_back(expander_of(*root));
            tables.expanders.back().nodes = nodes_of(*root);
        }
    }
    if (acpi_hotplug_ != nullptr) {
        tables.nodes = nodes_of(pci_.root());
        tables.pci_hotplug = acpi::PciHotplugConfig{AcpiPciHotplug::kPort};
        // One way only: the operating system does not get the slots' registers as well.
        tables.osc_granted &= ~acpi::kOscNativeHotplug;
    }
    return tables;
}

// The bridges, and the places behind those where devices may come and go.
std::vector<acpi::PciNode> BoardQ35::nodes_of(const PciBus& bus) const {
    std::vector<acpi::PciNode> nodes;
    const auto number = acpi_hotplug_ == nullptr ? std::nullopt : acpi_hotplug_->number_of(bus);
    const unsigned devices = number && !bus.parent()->has_one_device() ? DevFn::kDeviceCount
                                                                       : unsigned{number ? 1U : 0U};
    for (unsigned device = 0; device < devices; ++device) {
        nodes.push_back(acpi::PciNode{device << 16, {}, {}, {}});
        nodes.back().slot = acpi::PciNode::Slot{*number, static_cast<std::uint8_t>(device)};
    }
    for (const auto& [devfn, function] : bus.functions()) {
        const PciBridge* const bridge = function->as_bridge();
        if (acpi_hotplug_ == nullptr || bridge == nullptr) {
            continue;
        }
        if (devfn.function() != 0 || devfn.device() >= devices) {
            nodes.push_back(
                acpi::PciNode{std::uint32_t{devfn.device()} << 16 | devfn.function(), {}, {}, {}});
        }
        acpi::PciNode& node = devfn.function() != 0 || devfn.device() >= devices
                                  ? nodes.back()
                                  : nodes[devfn.device()];
        node.hotplug_bus = acpi_hotplug_->number_of(bridge->secondary());
        node.children = nodes_of(bridge->secondary());
    }
    return nodes;
}

}  // namespace siskin
