// SPDX-License-Identifier: Apache-2.0
// PciFunction: one function of a device: configuration space, BARs, interrupts and their effects.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bus/io_handler.h"
#include "base/bus/msi.h"
#include "base/units.h"
#include "pci/aer.h"
#include "pci/bar.h"
#include "pci/bdf.h"
#include "pci/capability.h"
#include "pci/config_space.h"
#include "pci/express_capability.h"
#include "pci/hotplug.h"
#include "pci/intx_routing.h"
#include "pci/msi.h"
#include "pci/msix.h"
#include "pci/option_rom.h"
#include "pci/vga.h"

namespace siskin {

class PciBridge;
class PciBus;

struct PciIdentity {
    std::uint16_t vendor_id = 0;
    std::uint16_t device_id = 0;
    std::uint16_t subsystem_vendor_id = 0;
    std::uint16_t subsystem_id = 0;
    std::uint8_t revision = 0;
    std::uint32_t class_code = 0;    // base class, sub-class, interface: 0xbbssii
    std::uint8_t interrupt_pin = 0;  // 0 none, 1 INTA# ... 4 INTD#
    bool extended_config = false;    // 4096 bytes; only for functions with the PCI
                                     // Express capability, on an express bus
    HeaderType header = HeaderType::Endpoint;
};

// Where a function goes, as PciBus::place() found it free. Boards may fill it by hand.
struct PciPlace {
    PciBus* bus = nullptr;
    DevFn devfn;
    bool multifunction = false;
    std::string type_name;  // for messages: "virtio-blk-pci"
    std::string id;         // may be empty
    std::shared_ptr<OptionRom> rom = nullptr;
    std::uint32_t acpi_index = 0;  // 0: none
};

// Build it, add BARs and capabilities, then plug(): from then on the guest sees it, and the state
// at that moment is its power-on state. Thread: under MachineLock, but for the EventFds of msix().
class PciFunction {
public:
    static constexpr unsigned kBarCount = 7;  // with the option ROM's
    static constexpr unsigned kRomBar = 6;
    using Bars = std::array<std::optional<Bar>, kBarCount>;

    PciFunction(PciPlace place, const PciIdentity& identity);
    // Takes itself off the bus. A derived class with hooks calls unplug() in its own destructor.
    virtual ~PciFunction();
    PciFunction(const PciFunction&) = delete;
    PciFunction& operator=(const PciFunction&) = delete;

    // -- building, before plug() --
    // Memory64 takes `index` and `index + 1`.
    void add_bar(unsigned index, const BarSpec& spec);
    // The type follows from the place; nothing is added, and nothing returned, on a conventional
    // bus or when the function has no extended configuration space.
    std::optional<std::uint16_t> add_express(ExpressRole role, const ExpressOptions& options = {});
    std::uint16_t add_power_management(std::optional<std::uint16_t> offset = std::nullopt);
    MsiCapability& add_msi(const MsiOptions& options, MsiTarget& target);
    // After add_express(); nothing happens where that added nothing.
    void add_aer(const AerOptions& options);
    // Three of the same kind. ARI, only below a port: this function is number devfn().value() of
    // one device, and tells which one is next.
    void add_ats(bool page_aligned);
    void add_ari();
    void add_serial_number(std::uint64_t serial_number);
    [[nodiscard]] bool has_ari() const { return ari_offset_.has_value(); }
    // The legacy ranges of a VGA; what they get is the function's, and outlives it.
    void add_vga(const VgaHandlers& handlers) { vga_ = VgaClaim{handlers}; }
    // The capability alone: the caller puts msix()->table() and ->pending_bits() into its BARs.
    MsixTable& add_msix(std::uint16_t vector_count, const MsixPlacement& placement,
                        MsiTarget& target, std::optional<std::uint16_t> offset = std::nullopt);
    // Adds MSI-X with a memory BAR of its own: table from 0, pending bits behind it.
    MsixTable& add_msix_with_bar(std::uint16_t vector_count, unsigned bar_index, MsiTarget& target,
                                 std::optional<std::uint16_t> offset = std::nullopt);

    // Shows it to the guest. The place is free: PciBus::place() said so (asserted).
    void plug();
    // Takes it away: BARs unmapped (on_bar_moved is called), INTx dropped, messages unbound.
    void unplug();
    [[nodiscard]] bool plugged() const { return plugged_; }
    // From now on the topology's HotplugObserver is told of each FunctionUse, once.
    void watch_use();

    // -- the guest's side: configuration requests. Any width 1, 2, 4, 8 at any offset. --
    // Derived classes that override these call them, too.
    [[nodiscard]] virtual std::uint64_t config_read(IoAccess access);
    virtual void config_write(IoAccess access, std::uint64_t value);

    // -- the device's side --
    [[nodiscard]] ConfigSpace& config() { return config_; }
    [[nodiscard]] const ConfigSpace& config() const { return config_; }
    [[nodiscard]] const Bars& bars() const { return bars_; }
    [[nodiscard]] Bars& bars() { return bars_; }
    // Null without MSI-X.
    [[nodiscard]] MsixTable* msix() { return msix_.get(); }
    [[nodiscard]] bool msix_enabled() const { return msix_ != nullptr && msix_->enabled(); }
    // Null where the function is no VGA. Topology keeps it up to date.
    [[nodiscard]] VgaClaim* vga() { return vga_ ? &*vga_ : nullptr; }
    // Null without MSI, without AER.
    [[nodiscard]] MsiCapability* msi() { return msi_.get(); }
    [[nodiscard]] AerCapability* aer() { return aer_.get(); }
    // The PCI Express capability: its offset and type; nothing on a conventional function.
    [[nodiscard]] std::optional<std::uint16_t> express_offset() const { return express_offset_; }
    [[nodiscard]] std::optional<ExpressType> express_type() const { return express_type_; }
    // The level of the interrupt pin. The status bit follows it; the pin itself only while INTx is
    // not disabled, neither MSI nor MSI-X is enabled and the function is in D0 (PCIe 5.0
    // §7.5.1.1.3).
    void set_intx(bool asserted);
    // Somebody else drives the pin (IrqLine::bind), or not any more: as long as that is so, of
    // set_intx() the status bit alone is left.
    void set_intx_driven_elsewhere(bool elsewhere);
    // Whether the pin follows the level now.
    [[nodiscard]] bool intx_open() const;
    // Where the pin ends on the root bus; nothing without a pin.
    [[nodiscard]] std::optional<IntxInput> intx_input() const { return intx_input_; }
    // Bus Master Enable here and in every bridge above: whether DMA and messages may leave.
    [[nodiscard]] bool may_master() const { return may_master_; }
    [[nodiscard]] bool decodes_memory() const;
    [[nodiscard]] bool decodes_io() const;

    // on_reset_begins(), then the power-on state of all registers (but the sticky ones, unless the
    // machine is reset), BARs unmapped, then on_reset(). A function level reset and a secondary bus
    // reset are warm ones.
    void reset_function(ResetKind kind = ResetKind::PowerOn);
    // Registers changed by us (not the guest): carries out what they imply, as after a guest write.
    void apply();

    [[nodiscard]] PciBus& bus() const { return *place_.bus; }
    [[nodiscard]] DevFn devfn() const { return place_.devfn; }
    // Device Status, Transactions Pending (PCIe 5.0 §7.5.3.5); nothing on a conventional function.
    void set_transactions_pending(bool pending);
    // With the bus number as the guest programmed it.
    [[nodiscard]] Bdf bdf() const;
    [[nodiscard]] const std::string& type_name() const { return place_.type_name; }
    [[nodiscard]] const std::string& id() const { return place_.id; }
    [[nodiscard]] bool multifunction() const { return place_.multifunction; }
    // The device's number in the guest's names, 0 for none (PCI Firmware 3.3 §4.6.7).
    [[nodiscard]] std::uint32_t acpi_index() const { return place_.acpi_index; }
    // Null without an option ROM.
    [[nodiscard]] const std::shared_ptr<OptionRom>& rom() const { return place_.rom; }
    [[nodiscard]] virtual PciBridge* as_bridge() { return nullptr; }
    [[nodiscard]] virtual const PciBridge* as_bridge() const { return nullptr; }

    // -- hooks; called under MachineLock; they do not write configuration space --
    // The BAR is not wholly reachable at its old place any more (nothing), or is at a new one. A
    // move is two calls: nothing, for all BARs that move, BEFORE the new map is published; the new
    // address, for all of them, AFTER. So a doorbell is unbound while its writes still reach the
    // handler, two BARs may swap, and no kick is lost. Offsets in between reach the handler only.
    virtual void on_bar_moved(unsigned /*index*/, std::optional<GuestAddress> /*address*/) {}
    // may_master() changed.
    virtual void on_bus_master(bool /*enabled*/) {}
    // MSI-X was enabled or disabled.
    virtual void on_msix_enabled(bool /*enabled*/) {}
    // intx_open() changed.
    virtual void on_intx_open(bool /*open*/) {}
    // A reset begins; registers are as they were. What could interrupt or transfer stops now, for
    // the power-on values may open a way that was closed (INTx of a function that used MSI-X).
    virtual void on_reset_begins() {}
    // Registers are at their power-on values; the device drops its own state, too.
    virtual void on_reset() {}

protected:
    // What a bridge adds to apply(), after the function's own effects, and to a reset.
    virtual void apply_bridge() {}
    virtual void reset_bridge(ResetKind /*kind*/) {}
    // The guest does that.
    void note_use(FunctionUse use) {
        if ((unseen_uses_ & static_cast<unsigned>(use)) != 0) {
            tell_use(use);
        }
    }

private:
    // What of it is decoded: BARs that are sized or moved while it is off are nobody's business.
    struct Decode {
        bool memory = false;
        bool io = false;
        std::array<std::optional<std::uint64_t>, kBarCount> wanted{};

        friend bool operator==(const Decode&, const Decode&) = default;
    };
    [[nodiscard]] Decode decode() const;
    [[nodiscard]] bool in_d0() const;
    [[nodiscard]] bool starts_function_level_reset(IoAccess access, std::uint64_t value) const;
    void update_bus_master();
    void update_msi();
    void update_msix();
    void update_intx();
    [[nodiscard]] bool messages_enabled() const;
    void tell_use(FunctionUse use);

    PciPlace place_;
    ConfigSpace config_;
    Bars bars_;
    std::unique_ptr<MsixTable> msix_;
    std::unique_ptr<BarRegions> msix_regions_;
    std::unique_ptr<MsiCapability> msi_;
    std::unique_ptr<AerCapability> aer_;
    std::optional<VgaClaim> vga_;
    std::optional<std::uint16_t> express_offset_;
    std::optional<ExpressType> express_type_;
    std::optional<std::uint16_t> ari_offset_;
    std::optional<std::uint16_t> power_offset_;
    std::optional<std::uint16_t> msix_offset_;
    std::optional<IntxInput> intx_input_;  // where our pin ends on the root bus
    bool plugged_ = false;
    bool may_master_ = false;
    bool msix_was_enabled_ = false;
    bool intx_pending_ = false;
    bool intx_driven_elsewhere_ = false;
    bool intx_was_open_ = false;
    bool intx_raised_ = false;
    unsigned unseen_uses_ = 0;  // FunctionUse, those that are watched for
    Decode decode_;
};

}  // namespace siskin
