// SPDX-License-Identifier: Apache-2.0
// The fakes and the driver's steps.
#include "tests/harness/driver_pci.h"

#include <utility>

#include "base/bits.h"
#include "pci/spec.h"

namespace siskin {

class FakeMsiTarget::Bound : public Binding {
public:
    Bound(FakeMsiTarget& owner, EventFd bound_event, MsiMessage bound_message)
        : event(std::move(bound_event)), message(bound_message), owner_(owner) {
        owner_.bound_.push_back(this);
    }
    ~Bound() override { std::erase(owner_.bound_, this); }

    EventFd event;
    MsiMessage message;

private:
    FakeMsiTarget& owner_;
};

Result<std::unique_ptr<Binding>> FakeMsiTarget::bind(const EventFd& event, MsiMessage message) {
    if (refusals > 0) {
        --refusals;
        return fail("no route left");
    }
    if (signal_while_binding) {
        event.signal();
    }
    return std::make_unique<Bound>(*this, SISKIN_TRY(event.duplicate()), message);
}

void FakeMsiTarget::deliver() {
    for (const Bound* const bound : bound_) {
        if (bound->event.take() != 0) {
            messages.push_back(bound->message);
        }
    }
}

class FakeIrqLine::Bound : public Binding {
public:
    Bound(FakeIrqLine& owner, EventFd bound_event, EventFd bound_ended)
        : event(std::move(bound_event)), ended(std::move(bound_ended)), owner_(owner) {
        owner_.bound_.push_back(this);
    }
    ~Bound() override {
        std::erase(owner_.bound_, this);
        owner_.asserted_by_event_ = owner_.asserted_by_event_ && !owner_.bound_.empty();
    }
    Bound(const Bound&) = delete;
    Bound& operator=(const Bound&) = delete;

    EventFd event;
    EventFd ended;

private:
    FakeIrqLine& owner_;
};

Result<std::unique_ptr<Binding>> FakeIrqLine::bind(const EventFd& event, const EventFd& ended) {
    if (refusals > 0) {
        --refusals;
        return fail("no way by an event");
    }
    ++binds;
    EventFd own = SISKIN_TRY(event.duplicate());
    return std::make_unique<Bound>(*this, std::move(own), SISKIN_TRY(ended.duplicate()));
}

bool FakeIrqLine::level() {
    for (const Bound* const bound : bound_) {
        asserted_by_event_ = bound->event.take() != 0 || asserted_by_event_;
    }
    return asserted || asserted_by_event_;
}

void FakeIrqLine::end_of_interrupt() {
    static_cast<void>(level());
    asserted_by_event_ = false;
    for (const Bound* const bound : bound_) {
        bound->ended.signal();
    }
}

class FakeDoorbells::Bound : public Binding {
public:
    Bound(FakeDoorbells& owner, EventFd bound_event, DoorbellAddress bound_address)
        : event(std::move(bound_event)), address(bound_address), owner_(owner) {
        owner_.bound_.push_back(this);
    }
    ~Bound() override { std::erase(owner_.bound_, this); }

    EventFd event;
    DoorbellAddress address;

private:
    FakeDoorbells& owner_;
};

Result<std::unique_ptr<Binding>> FakeDoorbells::bind(const EventFd& event,
                                                     DoorbellAddress address) {
    if (refusals > 0) {
        --refusals;
        return fail("no doorbell left");
    }
    for (const Bound* const bound : bound_) {
        if (bound->address.address == address.address && bound->address.match == address.match &&
            bound->address.space == address.space) {
            return fail("another doorbell is there");
        }
    }
    return std::make_unique<Bound>(*this, SISKIN_TRY(event.duplicate()), address);
}

bool FakeDoorbells::ring(std::uint64_t address, unsigned width, std::uint64_t value,
                         DoorbellSpace space) const {
    for (const Bound* const bound : bound_) {
        const DoorbellAddress& at = bound->address;
        if (at.space == space && at.address.value() == address &&
            (at.width == 0 || at.width == width) && (!at.match || *at.match == value)) {
            bound->event.signal();
            return true;
        }
    }
    return false;
}

std::vector<DoorbellAddress> FakeDoorbells::bound() const {
    std::vector<DoorbellAddress> addresses;
    for (const Bound* const bound : bound_) {
        addresses.push_back(bound->address);
    }
    return addresses;
}

PciMachine::PciMachine(unsigned bus_count) : host(memory, ports, "pcie.0", bus_count) {
    SISKIN_ASSERT(memory.add(IoRange{kEcamBase, host.ecam_size(), &host.ecam(), 0}).has_value());
    SISKIN_ASSERT(ports
                      .add(IoRange{HostBridge::kConfigPortsBase, HostBridge::kConfigPortsSize,
                                   &host.config_ports(), 0})
                      .has_value());
}

PciPlace PciMachine::place(PciBus& bus, DevFn devfn, bool multifunction, std::string id) const {
    return PciPlace{&bus, devfn, multifunction, "probe", std::move(id)};
}

void DriverPci::select(Bdf bdf, std::uint32_t offset) {
    port_write(0xcf8, 4,
               0x80000000U | std::uint32_t{bdf.bus} << 16 | std::uint32_t{bdf.devfn.value()} << 8 |
                   (offset & 0xfc));
}

std::uint64_t DriverPci::read(Bdf bdf, std::uint32_t offset, unsigned width) {
    if (access_ == ConfigAccess::Ports) {
        select(bdf, offset);
        return port_read(static_cast<std::uint16_t>(0xcfc + (offset & 3)), width);
    }
    return memory_read(PciMachine::kEcamBase + (std::uint64_t{bdf.bus} << 20) +
                           (std::uint64_t{bdf.devfn.value()} << 12) + offset,
                       width);
}

void DriverPci::write(Bdf bdf, std::uint32_t offset, unsigned width, std::uint64_t value) {
    if (access_ == ConfigAccess::Ports) {
        select(bdf, offset);
        port_write(static_cast<std::uint16_t>(0xcfc + (offset & 3)), width, value);
        return;
    }
    memory_write(PciMachine::kEcamBase + (std::uint64_t{bdf.bus} << 20) +
                     (std::uint64_t{bdf.devfn.value()} << 12) + offset,
                 width, value);
}

std::optional<std::uint32_t> DriverPci::find_capability(Bdf bdf, std::uint8_t id) {
    constexpr unsigned kStepsMax = 48;
    std::uint64_t at = read(bdf, pci_spec::kCapabilityPointer, 1);
    for (unsigned step = 0; step < kStepsMax && at >= pci_spec::kFirstFreeOffset; ++step) {
        if (read(bdf, static_cast<std::uint32_t>(at), 1) == id) {
            return static_cast<std::uint32_t>(at);
        }
        at = read(bdf, static_cast<std::uint32_t>(at + 1), 1);
    }
    return std::nullopt;
}

bool DriverPci::is_bar_64_bit(Bdf bdf, unsigned index) {
    return (read(bdf, pci_spec::kBar0 + index * 4, 4) & 0x7) == pci_spec::kBarMemory64;
}

std::uint64_t DriverPci::size_bar(Bdf bdf, unsigned index) {
    const std::uint32_t at = pci_spec::kBar0 + index * 4;
    const bool wide = is_bar_64_bit(bdf, index);
    const std::uint64_t low = read(bdf, at, 4);
    const std::uint64_t high = wide ? read(bdf, at + 4, 4) : 0;
    write(bdf, at, 4, 0xffffffff);
    std::uint64_t mask = read(bdf, at, 4);
    write(bdf, at, 4, low);
    mask &= (mask & pci_spec::kBarIo) != 0 ? ~std::uint64_t{0x3} : ~std::uint64_t{0xf};
    if (wide) {
        write(bdf, at + 4, 4, 0xffffffff);
        mask |= read(bdf, at + 4, 4) << 32;
        write(bdf, at + 4, 4, high);
    } else if (mask != 0) {
        mask |= 0xffffffff00000000;
    }
    return ~mask + 1;
}

std::uint64_t DriverPci::bar_address(Bdf bdf, unsigned index) {
    const std::uint32_t at = pci_spec::kBar0 + index * 4;
    const std::uint64_t low = read(bdf, at, 4);
    if ((low & pci_spec::kBarIo) != 0) {
        return low & ~std::uint64_t{0x3};
    }
    const std::uint64_t high = is_bar_64_bit(bdf, index) ? read(bdf, at + 4, 4) : 0;
    return high << 32 | (low & ~std::uint64_t{0xf});
}

void DriverPci::assign_bar(Bdf bdf, unsigned index, std::uint64_t address) {
    const std::uint32_t at = pci_spec::kBar0 + index * 4;
    const bool wide = is_bar_64_bit(bdf, index);
    write(bdf, at, 4, address & 0xffffffff);
    if (wide) {
        write(bdf, at + 4, 4, address >> 32);
    }
}

void DriverPci::open_bridge(Bdf bdf, std::uint8_t secondary, std::uint8_t subordinate,
                            std::uint64_t memory_base, std::uint64_t memory_limit) {
    write(bdf, pci_spec::kPrimaryBus, 1, bdf.bus);
    write(bdf, pci_spec::kSecondaryBus, 1, secondary);
    write(bdf, pci_spec::kSubordinateBus, 1, subordinate);
    write(bdf, pci_spec::kMemoryBase, 2, memory_base >> 16);
    write(bdf, pci_spec::kMemoryLimit, 2, memory_limit >> 16);
    write(bdf, pci_spec::kPrefetchableBase, 2, 0xfff0);
    write(bdf, pci_spec::kPrefetchableLimit, 2, 0);
    set_command(bdf, pci_spec::kCommandIo | pci_spec::kCommandMemory | pci_spec::kCommandBusMaster);
}

void DriverPci::set_msix_control(Bdf bdf, std::uint16_t control) {
    const auto at = find_capability(bdf, pci_spec::kCapabilityMsix);
    write(bdf, at.value_or(0) + pci_spec::kMsixControl, 2, control);
}

void DriverPci::set_msix_entry(Bdf bdf, unsigned vector, MsiMessage message, bool masked) {
    const auto capability = find_capability(bdf, pci_spec::kCapabilityMsix).value_or(0);
    const std::uint64_t table = read(bdf, capability + pci_spec::kMsixTable, 4);
    const std::uint64_t entry = bar_address(bdf, static_cast<unsigned>(table & 7)) +
                                (table & ~std::uint64_t{7}) + std::uint64_t{vector} * 16;
    memory_write(entry + 12, 4, 1);
    memory_write(entry, 4, message.address & 0xffffffff);
    memory_write(entry + 4, 4, message.address >> 32);
    memory_write(entry + 8, 4, message.data);
    memory_write(entry + 12, 4, masked ? 1 : 0);
}

void DriverPci::memory_write(std::uint64_t address, unsigned width, std::uint64_t value) {
    if (!machine_.doorbells.ring(address, width, value)) {
        machine_.memory_reader.write(address, width, value);
    }
}

void DriverPci::port_write(std::uint16_t port, unsigned width, std::uint64_t value) {
    if (!machine_.doorbells.ring(port, width, value, DoorbellSpace::Ports)) {
        machine_.port_reader.write(port, width, value);
    }
}

PciIdentity ProbeFunction::default_identity() {
    return PciIdentity{.vendor_id = 0x1af4,
                       .device_id = 0x10f0,
                       .subsystem_vendor_id = 0x1af4,
                       .subsystem_id = 0x1100,
                       .class_code = 0xff0000,
                       .interrupt_pin = 1,
                       .extended_config = true};
}

ProbeFunction::ProbeFunction(PciPlace place, std::uint8_t own_mark, PciIdentity identity)
    : PciFunction(std::move(place), identity), mark(own_mark) {}

void ProbeFunction::add_probe_bar(unsigned index, BarKind kind, std::uint64_t size,
                                  bool prefetchable) {
    add_bar(index, BarSpec{kind, prefetchable, ByteCount{size}, this});
}

std::uint64_t ProbeFunction::read(IoAccess access) {
    last_access = access;
    return mark;
}

void ProbeFunction::write(IoAccess access, std::uint64_t /*value*/) {
    last_access = access;
    ++writes;
}

void ProbeFunction::on_bar_moved(unsigned index, std::optional<GuestAddress> address) {
    moves.push_back(Move{index, address});
}

Result<std::unique_ptr<ExpressPort>> try_make_port(PciMachine& machine, const DeviceType& type,
                                                   PciBus& bus, DevFn devfn, std::string id,
                                                   const PortConfig& config) {
    return ExpressPort::create(*find_port_model(type),
                               machine.place(bus, devfn, false, std::move(id)),
                               std::make_shared<PortConfig>(config), machine.msi);
}

std::unique_ptr<ExpressPort> make_port(PciMachine& machine, const DeviceType& type, PciBus& bus,
                                       DevFn devfn, std::string id, const PortConfig& config) {
    auto port = try_make_port(machine, type, bus, devfn, std::move(id), config);
    SISKIN_ASSERT(port.has_value());
    return std::move(*port);
}

}  // namespace siskin
