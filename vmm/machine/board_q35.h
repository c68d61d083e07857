// SPDX-License-Identifier: Apache-2.0
// Board "q35": what is on the mainboard: address spaces, PCI host bridge, chipset, platform
// devices.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/bus/address_space.h"
#include "base/bus/irq_line.h"
#include "base/bus/machine_lock.h"
#include "base/log.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "devices/chipset/acpi_pci_hotplug.h"
#include "devices/chipset/ich9_lpc.h"
#include "devices/chipset/mch.h"
#include "devices/platform/acpi_pm.h"
#include "devices/platform/i8042.h"
#include "devices/platform/machine_clock.h"
#include "devices/platform/machine_requests.h"
#include "devices/platform/port_92.h"
#include "devices/platform/reset_control.h"
#include "devices/platform/rtc_cmos.h"
#include "firmware/acpi/config.h"
#include "pci/allocator.h"
#include "pci/host_bridge.h"
#include "vmm/kvm/irq_routing.h"
#include "vmm/machine/chipset_globals.h"
#include "vmm/machine/machine_config.h"

namespace siskin {

// Built by the VM thread; then under MachineLock, but for memory() and ports(), whose lookup takes
// no lock.
class BoardQ35 {
public:
    // What is passed by reference outlives the board. Error: no timer left in the host.
    [[nodiscard]] static Result<std::unique_ptr<BoardQ35>> create(
        const MachineConfig& config, const ChipsetOptions& chipset, EventLoop& loop,
        MachineLock& lock, IrqRouting& irqs, MachineRequests& requests);
    BoardQ35(const BoardQ35&) = delete;
    BoardQ35& operator=(const BoardQ35&) = delete;

    [[nodiscard]] AddressSpace& memory() { return memory_; }
    [[nodiscard]] AddressSpace& ports() { return ports_; }
    [[nodiscard]] HostBridge& pci() { return pci_; }

    // Power-on state, then what firmware would do before it boots: ECAM and the PM block placed,
    // bus numbers, windows and BARs assigned. Error: the tree needs more than there is.
    [[nodiscard]] Result<> reset();
    // What reset() assigns from: free addresses, and the interrupt line of a pin, which is its GSI.
    [[nodiscard]] AllocatorApertures apertures() const;
    [[nodiscard]] static std::uint8_t interrupt_line(IntxInput input);
    // Devices may come behind bridges that came since the reset, too. Only while nothing has run
    // since, as the tables that the guest reads do not have them yet.
    void cover_new_buses() {
        if (acpi_hotplug_ != nullptr) {
            acpi_hotplug_->reset();
        }
    }
    void press_power_button() { pm_->press_power_button(); }
    // Guest time stands still and goes on.
    void pause_clock() { clock_.pause(); }
    void resume_clock() { clock_.resume(); }

    // What the ACPI tables say about this board.
    [[nodiscard]] acpi::AcpiConfig acpi_config() const;

private:
    BoardQ35(const MachineConfig& config, EventLoop& loop, MachineLock& lock, IrqRouting& irqs,
             MachineRequests& requests);
    [[nodiscard]] Result<> create_devices(const ChipsetOptions& chipset, MachineRequests& requests);
    [[nodiscard]] Result<> map_ports();
    [[nodiscard]] std::vector<acpi::PciNode> nodes_of(const PciBus& bus) const;
    void set_apertures();
    void connect_intx();
    void map_ecam(std::optional<EcamWindow> window);
    void map_pm(std::optional<std::uint16_t> base);
    void place_chipset();

    const MachineConfig& config_;
    GuestErrorLog log_{"board q35"};
    AddressSpace memory_;
    AddressSpace ports_;
    MachineClock clock_;
    std::array<std::unique_ptr<IrqLine>, IrqRouting::kChipGsiCount> lines_;
    HostBridge pci_;
    ResetControl reset_control_;
    I8042 i8042_;
    Port92 port_92_;
    std::unique_ptr<AcpiPm> pm_;
    std::unique_ptr<RtcCmos> rtc_;
    std::unique_ptr<Mch> mch_;
    std::unique_ptr<Ich9Lpc> lpc_;
    std::unique_ptr<AcpiPciHotplug> acpi_hotplug_;  // null: ports tell by their slots
};

}  // namespace siskin
