// SPDX-License-Identifier: Apache-2.0
// DriverPci: PCI as a guest's code sees it, on a machine of fakes without KVM.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bus/address_space.h"
#include "base/bus/doorbell.h"
#include "base/bus/irq_line.h"
#include "base/bus/machine_lock.h"
#include "base/bus/msi.h"
#include "pci/express_port.h"
#include "pci/host_bridge.h"

namespace siskin {

// Stands for the kernel's irqfds: keeps what is bound, and sends when deliver() finds it signalled.
class FakeMsiTarget : public MsiTarget {
public:
    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                        MsiMessage message) override;
    void send(MsiMessage message) override { messages.push_back(message); }

    // What the kernel does by itself: each bound event that was signalled sends its message.
    void deliver();
    [[nodiscard]] std::size_t bound_count() const { return bound_.size(); }

    std::vector<MsiMessage> messages;
    unsigned refusals = 0;              // so many binds fail from now on
    bool signal_while_binding = false;  // another thread signals just before the bind takes effect

private:
    class Bound;
    std::vector<Bound*> bound_;
};

// Stands for the kernel's ioeventfds.
class FakeDoorbells : public DoorbellRegistry {
public:
    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                        DoorbellAddress address) override;

    // A guest's write: true when a doorbell took it (and its event was signalled).
    bool ring(std::uint64_t address, unsigned width, std::uint64_t value,
              DoorbellSpace space = DoorbellSpace::Memory) const;
    [[nodiscard]] std::vector<DoorbellAddress> bound() const;

    unsigned refusals = 0;

private:
    class Bound;
    std::vector<Bound*> bound_;
};

// An input of an interrupt controller, with the kernel's irqfds behind it.
class FakeIrqLine : public IrqLine {
public:
    void set(bool now) override {
        asserted = now;
        ++changes;
    }
    [[nodiscard]] Result<std::unique_ptr<Binding>> bind(const EventFd& event,
                                                        const EventFd& ended) override;

    // Asserted by either way, once the kernel has looked at the events.
    [[nodiscard]] bool level();
    // The guest's: what the events asserted is let go, and all are told.
    void end_of_interrupt();
    [[nodiscard]] std::size_t bound_count() const { return bound_.size(); }

    bool asserted = false;
    unsigned changes = 0;
    unsigned binds = 0;
    unsigned refusals = 0;  // so many binds fail from now on

private:
    class Bound;
    std::vector<Bound*> bound_;
    bool asserted_by_event_ = false;
};

// A host bridge with its two address spaces, ECAM and configuration ports mapped, and the fakes.
struct PciMachine {
    static constexpr std::uint64_t kEcamBase = 0xb0000000;

    explicit PciMachine(unsigned bus_count = 256);

    // A free place on the root bus, or on `bus`.
    [[nodiscard]] PciPlace place(PciBus& bus, DevFn devfn, bool multifunction = false,
                                 std::string id = {}) const;

    AddressSpace memory;
    AddressSpace ports;
    MachineLock lock;
    HostBridge host;
    FakeMsiTarget msi;
    FakeDoorbells doorbells;
    AddressSpaceReader memory_reader{memory, lock};
    AddressSpaceReader port_reader{ports, lock};
};

// A port of that type there, plugged in.
[[nodiscard]] Result<std::unique_ptr<ExpressPort>> try_make_port(PciMachine& machine,
                                                                 const DeviceType& type,
                                                                 PciBus& bus, DevFn devfn,
                                                                 std::string id,
                                                                 const PortConfig& config = {});
// The same where it is known to work.
[[nodiscard]] std::unique_ptr<ExpressPort> make_port(PciMachine& machine, const DeviceType& type,
                                                     PciBus& bus, DevFn devfn, std::string id,
                                                     const PortConfig& config = {});

// The two ways to configuration space.
enum class ConfigAccess { Ecam, Ports };

// Drives a PciMachine as a guest's PCI code does: nothing here looks inside a device.
class DriverPci {
public:
    explicit DriverPci(PciMachine& machine, ConfigAccess access = ConfigAccess::Ecam)
        : machine_(machine), access_(access) {}

    // Configuration space; by ports only the first 256 bytes, and widths up to 4.
    [[nodiscard]] std::uint64_t read(Bdf bdf, std::uint32_t offset, unsigned width);
    void write(Bdf bdf, std::uint32_t offset, unsigned width, std::uint64_t value);

    [[nodiscard]] bool is_present(Bdf bdf) { return read(bdf, 0, 2) != 0xffff; }
    // The capability's offset, walking the list as Linux does: at most 48 steps.
    [[nodiscard]] std::optional<std::uint32_t> find_capability(Bdf bdf, std::uint8_t id);
    void set_command(Bdf bdf, std::uint16_t bits) { write(bdf, 4, 2, bits); }

    // Writes ones, reads back, restores. 0: there is no such BAR. Decoding is left as it is.
    [[nodiscard]] std::uint64_t size_bar(Bdf bdf, unsigned index);
    [[nodiscard]] std::uint64_t bar_address(Bdf bdf, unsigned index);
    void assign_bar(Bdf bdf, unsigned index, std::uint64_t address);
    [[nodiscard]] bool is_bar_64_bit(Bdf bdf, unsigned index);

    // Bus numbers and windows of a bridge, and its I/O, memory and bus master enables.
    void open_bridge(Bdf bdf, std::uint8_t secondary, std::uint8_t subordinate,
                     std::uint64_t memory_base, std::uint64_t memory_limit);

    // Message Control of MSI-X.
    void set_msix_control(Bdf bdf, std::uint16_t control);
    // Entry `vector` of the table in `table_bar` (which is assigned and decoded).
    void set_msix_entry(Bdf bdf, unsigned vector, MsiMessage message, bool masked);

    // Memory space and ports.
    [[nodiscard]] std::uint64_t memory_read(std::uint64_t address, unsigned width) {
        return machine_.memory_reader.read(address, width);
    }
    void memory_write(std::uint64_t address, unsigned width, std::uint64_t value);
    [[nodiscard]] std::uint64_t port_read(std::uint16_t port, unsigned width) {
        return machine_.port_reader.read(port, width);
    }
    void port_write(std::uint16_t port, unsigned width, std::uint64_t value);

private:
    void select(Bdf bdf, std::uint32_t offset);

    PciMachine& machine_;
    ConfigAccess access_;
};

// A function with one memory BAR (or what else a test adds) that tells its own mark on each read,
// counts writes and keeps the hooks' calls.
class ProbeFunction : public PciFunction, public IoHandler {
public:
    struct Move {
        unsigned index;
        std::optional<GuestAddress> address;

        friend bool operator==(const Move&, const Move&) = default;
    };

    ProbeFunction(PciPlace place, std::uint8_t mark, PciIdentity identity = default_identity());
    ~ProbeFunction() override { unplug(); }

    [[nodiscard]] static PciIdentity default_identity();
    // A BAR whose handler is this.
    void add_probe_bar(unsigned index, BarKind kind, std::uint64_t size, bool prefetchable = false);

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess access, std::uint64_t value) override;
    void on_bar_moved(unsigned index, std::optional<GuestAddress> address) override;
    void on_bus_master(bool enabled) override { bus_master_changes.push_back(enabled); }
    void on_msix_enabled(bool enabled) override { msix_changes.push_back(enabled); }
    void on_reset() override { ++resets; }

    std::uint8_t mark;
    unsigned writes = 0;
    IoAccess last_access{};
    unsigned resets = 0;
    std::vector<Move> moves;
    std::vector<bool> bus_master_changes;
    std::vector<bool> msix_changes;
};

}  // namespace siskin
