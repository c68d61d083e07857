// SPDX-License-Identifier: Apache-2.0
// PciBridge: a function with a type 1 header and a secondary bus.
#pragma once

#include <cstdint>
#include <string>

#include "pci/bus.h"
#include "pci/function.h"
#include "pci/topology.h"

namespace siskin {

// What ports and conventional bridges share: bus numbers, the I/O, memory and 64-bit prefetchable
// windows and bridge control (PCIe 5.0 §7.5.1.3; PCI-to-PCI Bridge 1.2 §3.2.5). I/O addressing is
// 16 bits. The bits of a conventional secondary bus (master abort mode, discard timers) can be
// written there, without effect, and are hard-wired to 0 elsewhere, as PCI Express asks.
// Thread: under MachineLock.
class PciBridge : public PciFunction {
public:
    PciBridge(PciPlace place, const PciIdentity& identity, std::string secondary_name,
              PciBusType secondary_type);
    // The functions behind it are gone by then.
    ~PciBridge() override;

    [[nodiscard]] PciBus& secondary() { return secondary_; }
    [[nodiscard]] const PciBus& secondary() const { return secondary_; }
    [[nodiscard]] std::uint8_t secondary_number() const;
    [[nodiscard]] std::uint8_t subordinate_number() const;
    // Whether configuration requests for that bus go through: it lies in [secondary, subordinate]
    // and the secondary bus is neither held in reset nor cut off.
    [[nodiscard]] bool forwards_bus(std::uint8_t number) const;
    // A link below: device 0 only.
    [[nodiscard]] virtual bool has_one_device() const { return false; }
    // ARI Forwarding is on: configuration requests for other device numbers pass, too.
    [[nodiscard]] virtual bool forwards_by_ari() const { return false; }

    // What is forwarded downstream now: windows whose base is not above their limit, VGA and ISA
    // bits, the command register's enables. Valid until those change.
    [[nodiscard]] const AddressWindows& memory_windows() const { return openings().memory; }
    [[nodiscard]] const AddressWindows& io_windows() const { return openings().io; }
    [[nodiscard]] bool in_secondary_reset() const;

    // For firmware and describe: the windows as programmed, whatever is enabled. A base above the
    // limit means disabled.
    struct Windows {
        std::uint64_t io_base, io_limit;
        std::uint64_t memory_base, memory_limit;
        std::uint64_t prefetchable_base, prefetchable_limit;

        friend bool operator==(const Windows&, const Windows&) = default;
    };
    [[nodiscard]] Windows windows() const;
    void set_windows(const Windows& windows);
    void set_bus_numbers(std::uint8_t primary, std::uint8_t secondary, std::uint8_t subordinate);

    [[nodiscard]] PciBridge* as_bridge() override { return this; }
    [[nodiscard]] const PciBridge* as_bridge() const override { return this; }

    // What firmware leaves free behind it, besides what is there.
    [[nodiscard]] virtual BridgeReserve reserve() const { return {}; }

    // Devices may come and go on the secondary bus, as far as the bridge goes.
    [[nodiscard]] virtual bool allows_hot_plug() const { return false; }
    // The guest is asked to let go of that device on the secondary bus. What it does is told to the
    // topology's HotplugObserver.
    virtual void request_eject(unsigned /*device*/) {}
    // A function came or went on the secondary bus. The seam of hot-plug.
    virtual void on_presence() {}
    // An error message came up from `source`. True: it goes on upstream. A root port keeps it.
    [[nodiscard]] virtual bool receive_error(ErrorMessage message, Bdf source);

protected:
    void apply_bridge() override;
    void reset_bridge(ResetKind kind) override;
    // The link below is down: nothing passes, and what is behind was reset.
    [[nodiscard]] virtual bool is_link_down() const { return false; }

private:
    PciBus secondary_;
    [[nodiscard]] bool is_cut_off() const { return in_secondary_reset() || is_link_down(); }
    struct Route {
        std::uint8_t secondary = 0;
        std::uint8_t subordinate = 0;
        bool cut_off = false;

        friend bool operator==(const Route&, const Route&) = default;
    };

    Route route_;
    bool was_cut_off_ = false;
    bool was_mastering_ = false;

    // What is forwarded, and the registers it was worked out from: they are asked at each change
    // anywhere in the tree, and seldom change themselves.
    struct OpeningsKey {
        bool memory = false;
        bool io = false;
        std::uint16_t control = 0;
        Windows windows{};

        friend bool operator==(const OpeningsKey&, const OpeningsKey&) = default;
    };
    struct Openings {
        OpeningsKey key;
        AddressWindows memory;
        AddressWindows io;
    };
    [[nodiscard]] const Openings& openings() const;
    [[nodiscard]] static Openings work_out(const OpeningsKey& key);
    mutable Openings openings_;
    AddressWindows memory_told_;  // to the topology
    AddressWindows io_told_;
};

template <typename Visitor>
void for_each_function(const PciBus& bus, Visitor&& visit) {
    for (const auto& [devfn, function] : bus.functions()) {
        visit(*function);
        if (const PciBridge* const bridge = function->as_bridge()) {
            for_each_function(bridge->secondary(), visit);
        }
    }
}

template <typename Visitor>
void for_each_function(const Topology& topology, Visitor&& visit) {
    for (const PciBus* const root : topology.roots()) {
        for_each_function(*root, visit);
    }
}

template <typename Visitor>
void for_each_bus(const Topology& topology, Visitor&& visit) {
    for (PciBus* const root : topology.roots()) {
        visit(*root);
        for_each_function(*root, [&](PciFunction& function) {
            if (PciBridge* const bridge = function.as_bridge()) {
                visit(bridge->secondary());
            }
        });
    }
}

// A function reports an error: records it and carries the message upstream, as far as the enables
// on the way let it (PCIe 5.0 §6.2.6).
void send_error(PciFunction& function, const AerError& error);

}  // namespace siskin
