// SPDX-License-Identifier: Apache-2.0
// HostBridge: the root of a PCI tree: ECAM, the configuration ports and the routing by bus number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bus/address_space.h"
#include "base/bus/io_handler.h"
#include "pci/bdf.h"
#include "pci/bridge.h"
#include "pci/bus.h"
#include "pci/intx_routing.h"
#include "pci/topology.h"

namespace siskin {

// Owns the root bus, the INTx router and the topology; the chipset's function 00:00.0 is a device
// of the board. Requests go where the bus numbers say, exactly as programmed: the root bus answers
// for 0, any other number goes to the first bridge, in order of device and function, whose
// [secondary, subordinate] holds it. Nobody there: ones, writes dropped.
// Thread: under MachineLock.
class HostBridge {
public:
    static constexpr std::uint16_t kConfigPortsBase = 0xcf8;
    static constexpr std::uint64_t kConfigPortsSize = 8;

    // `bus_count` (1..256) bounds the bus numbers and the size of ECAM.
    HostBridge(AddressSpace& memory, AddressSpace& ports, std::string root_name = "pcie.0",
               unsigned bus_count = 256);
    ~HostBridge();
    HostBridge(const HostBridge&) = delete;
    HostBridge& operator=(const HostBridge&) = delete;

    [[nodiscard]] PciBus& root() { return root_; }
    [[nodiscard]] const PciBus& root() const { return root_; }
    [[nodiscard]] IntxRouter& intx() { return intx_; }
    [[nodiscard]] Topology& topology() { return topology_; }
    [[nodiscard]] const Topology& topology() const { return topology_; }
    [[nodiscard]] unsigned bus_count() const { return bus_count_; }

    // PCIe 5.0 §7.2.2: 1 MiB a bus. The board maps and moves it (PCIEXBAR).
    [[nodiscard]] IoHandler& ecam() { return ecam_; }
    [[nodiscard]] std::uint64_t ecam_size() const { return std::uint64_t{bus_count_} << 20; }
    // PCI Local Bus 3.0 §3.2.2.3.2: CONFIG_ADDRESS at 0xcf8, CONFIG_DATA at 0xcfc; 8 ports.
    [[nodiscard]] IoHandler& config_ports() { return ports_; }
    // The chipset's reset control register shares port 0xcf9: byte accesses there go to `handler`
    // at offset 0. Null: nobody.
    void set_reset_control(IoHandler* handler) { ports_.reset_control = handler; }

    // The function that answers there now, or null.
    [[nodiscard]] PciFunction* find(Bdf bdf) const;
    [[nodiscard]] std::uint64_t config_read(Bdf bdf, IoAccess access) const;
    void config_write(Bdf bdf, IoAccess access, std::uint64_t value) const;

    // Any bus of the trees by its name ("pcie.0", "rp1"), or null.
    [[nodiscard]] PciBus* find_bus(std::string_view name) {
        return siskin::find_bus(topology_, name);
    }

    // Every function and CONFIG_ADDRESS as at power-on.
    void reset();

private:
    class Ecam : public IoHandler {
    public:
        explicit Ecam(const HostBridge& owner) : owner_(owner) {}
        [[nodiscard]] std::uint64_t read(IoAccess access) override;
        void write(IoAccess access, std::uint64_t value) override;

    private:
        const HostBridge& owner_;
    };
    class ConfigPorts : public IoHandler {
    public:
        explicit ConfigPorts(const HostBridge& owner) : owner_(owner) {}
        [[nodiscard]] std::uint64_t read(IoAccess access) override;
        void write(IoAccess access, std::uint64_t value) override;

        IoHandler* reset_control = nullptr;
        std::uint32_t address = 0;  // CONFIG_ADDRESS

    private:
        const HostBridge& owner_;
    };

    [[nodiscard]] const PciBus* bus_numbered(std::uint8_t number) const;
    [[nodiscard]] const PciBus* walk_to(std::uint8_t number) const;

    const unsigned bus_count_;
    IntxRouter intx_;
    Topology topology_;
    PciBus root_;
    Ecam ecam_{*this};
    ConfigPorts ports_{*this};

    // Which bus has which number, as far as it was asked since the routing last changed.
    struct Routes {
        std::uint64_t generation = 0;
        std::array<std::optional<const PciBus*>, 256> buses{};
    };
    mutable Routes routes_;
};

}  // namespace siskin
