// SPDX-License-Identifier: Apache-2.0
// FuzzTree: PCI trees that are made once and brought back to one state for each input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "pci/conventional_bridge.h"
#include "pci/expander.h"
#include "pci/express_port.h"
#include "pci/hotplug.h"
#include "pci/vga_probe.h"
#include "tests/harness/driver_pci.h"

namespace siskin {

// Which tree an input drives. Small ones take a fraction of the time.
enum class TreeShape : unsigned {
    Slot,       // a port with a hot-plug slot of all features and one without, a probe each
    Surprise,   // the same; the slot has neither button nor power controller
    Announced,  // the same; not the slots but a HotplugNotifier tells the guest
    Full,       // those of Slot, and a switch with a conventional bridge and a VGA behind it, a
                // pci-bridge, an ioh3420, an expander with a port, and probes
};
inline constexpr std::size_t kTreeShapeCount = 4;

// Firmware numbers the buses and assigns all resources once; what it wrote is kept, and written
// again for each input, which takes a tenth of the time.
class FuzzTree : private HotplugObserver, private HotplugNotifier {
public:
    explicit FuzzTree(TreeShape shape);
    ~FuzzTree() override;
    FuzzTree(const FuzzTree&) = delete;
    FuzzTree& operator=(const FuzzTree&) = delete;

    // Every device in its place, reset, and as firmware leaves it; each input begins so.
    void start();

    // A device comes to its slot, or goes as the host wants it to.
    void plug(ProbeFunction& probe);
    void unplug(ProbeFunction& probe);
    // What the guest let go of goes. After each step.
    void remove_ejected();
    // What holds whatever guest and host did (asserted).
    void check();

    PciMachine machine;
    std::vector<std::unique_ptr<ProbeFunction>> probes;
    // Each that is plugged at the start, in the order of a walk.
    std::vector<PciFunction*> functions;
    std::vector<PciBus*> buses;

private:
    void add_small(bool has_button, bool has_power_controller);
    void add_switch();
    void add_expander();
    ProbeFunction& add_probe(PciBus& bus, DevFn devfn, bool multifunction = false);
    ExpressPort& add_port(const DeviceType& type, PciBus& bus, unsigned device, std::string id,
                          const PortConfig& config = {});
    void run_firmware();
    static void write_registers(PciFunction& function, const std::vector<std::uint8_t>& registers);

    void on_ejected(PciBus& bus, unsigned device) override;
    void on_eject_refused(PciBus& /*bus*/, unsigned /*device*/) override {}
    [[nodiscard]] bool covers(const PciBus& bus) const override { return !bus.is_root(); }
    void on_plugged(PciBus& /*bus*/, unsigned /*device*/) override {}
    void request_eject(PciBus& bus, unsigned device) override;
    void on_removed(PciBus& /*bus*/, unsigned /*device*/) override {}

    std::unique_ptr<Expander> expander_;
    std::vector<std::unique_ptr<PciBridge>> bridges_;
    std::unique_ptr<VgaProbe> vga_;
    std::vector<ProbeFunction*> visitors_;              // plugged by inputs only
    std::vector<std::vector<std::uint8_t>> registers_;  // of `functions`, as firmware left them
    std::vector<PciBus*> ejected_;
};

}  // namespace siskin
