// SPDX-License-Identifier: Apache-2.0
// ExpressPort: root ports and the ports of switches, each a row of one table of models.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/object/device.h"
#include "pci/bridge.h"
#include "pci/hotplug.h"
#include "pci/hotplug_slot.h"
#include "pci/link_codec.h"
#include "pci/properties.h"

namespace siskin {

// The union of all ports' properties; which ones a model has is in its table.
struct PortConfig {
    PciProperties pci;
    std::uint8_t port = 0;
    std::uint16_t aer_log_max = 8;
    std::uint8_t chassis = 0;
    std::uint16_t slot = 0;
    bool hotplug = true;
    bool attention_button = true;
    bool power_controller_present = true;
    bool disable_acs = false;
    LinkSpeed speed = LinkSpeed::Gt16;
    LinkWidth width = LinkWidth::X32;
    ReserveProperties reserve;
};

extern const DeviceType kRootPortType;        // pcie-root-port
extern const DeviceType kIoh3420Type;         // ioh3420
extern const DeviceType kUpstreamPortType;    // x3130-upstream
extern const DeviceType kDownstreamPortType;  // xio3130-downstream

// What makes one model differ from another.
struct PortModel {
    const DeviceType* type;
    const PlaceRule* rule;
    PciIdentity identity;
    ExpressRole role;
    std::uint16_t subsystem_offset;
    std::uint16_t subsystem_vendor_id;
    std::uint16_t express_offset;
    std::optional<MsiOptions> msi;  // none: MSI-X with one vector in BAR 0
    bool has_acs;
    bool has_link_properties;  // speed and width by property; else 2.5 GT/s, one lane
};

// The model of that type; null when it is no port.
[[nodiscard]] const PortModel* find_port_model(const DeviceType& type);

// A PCI Express port with the ids and the layout that Linux and Windows know from QEMU (PCIe 5.0
// §1.3.1, §7.5.3, §7.8.4, §7.7.8). Its interrupt tells of errors: MSI, MSI-X or INTx.
// Its slot is one for hot-plug where the topology wants that done by its registers: hotplug_slot.h.
// Left out: PME.
// Thread: under MachineLock.
class ExpressPort : public Device, public PciBridge {
public:
    // `place` follows the model's rule; the config is PortConfig. Errors: the chassis and slot are
    // another port's, reserves that contradict each other.
    [[nodiscard]] static Result<std::unique_ptr<ExpressPort>> create(const PortModel& model,
                                                                     PciPlace place,
                                                                     std::shared_ptr<void> config,
                                                                     MsiTarget& messages);
    // All of these errors that such a port would meet in that tree.
    [[nodiscard]] static std::vector<Error> problems(const PortModel& model,
                                                     const PortConfig& settings,
                                                     const Topology& topology);
    ~ExpressPort() override;

    using Device::id;
    using PciFunction::config;

    [[nodiscard]] const PortConfig& settings() const { return *settings_; }
    [[nodiscard]] bool has_slot() const { return is_downstream_facing(*express_type()); }

    void reset(std::function<void()> done) override;

    void config_write(IoAccess access, std::uint64_t value) override;
    void on_reset() override;
    void on_presence() override;
    void request_eject(unsigned device) override;
    [[nodiscard]] bool allows_hot_plug() const override { return has_slot() && settings_->hotplug; }
    [[nodiscard]] bool has_one_device() const override { return has_slot(); }
    [[nodiscard]] bool forwards_by_ari() const override;
    [[nodiscard]] BridgeReserve reserve() const override;
    [[nodiscard]] bool receive_error(ErrorMessage message, Bdf source) override;

private:
    ExpressPort(const PortModel& model, PciPlace place, std::shared_ptr<void> config,
                MsiTarget& messages);
    void add_capabilities(const PortModel& model, MsiTarget& messages);
    [[nodiscard]] bool is_link_down() const override;
    // The vector of error interrupts: the second one where a driver allocated two.
    [[nodiscard]] unsigned error_vector();
    void send_interrupt(unsigned vector);
    void update_link();
    [[nodiscard]] std::uint16_t slot_control() const;
    [[nodiscard]] bool is_occupied() const;
    void reset_slot();
    // The registers show what the slot's state machine has come to, and the guest is told.
    void show_slot(HotplugSlot::Outcome outcome);
    void tell_sign(SlotSign sign);
    void update_interrupt();

    const PortConfig* settings_;
    std::optional<HotplugSlot> slot_;
    bool slot_interrupt_ = false;
};

}  // namespace siskin
