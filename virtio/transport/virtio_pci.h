// SPDX-License-Identifier: Apache-2.0
// VirtioPci: a virtio device as a PCI function (virtio 1.2 §4.1).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bus/doorbell.h"
#include "base/bus/msi.h"
#include "base/log.h"
#include "base/memory/guest_memory.h"
#include "base/object/device.h"
#include "pci/bar.h"
#include "pci/function.h"
#include "virtio/device.h"
#include "virtio/transport/common_config.h"
#include "virtio/transport/device_config.h"
#include "virtio/transport/direct_pin.h"
#include "virtio/transport/drain_count.h"
#include "virtio/transport/interrupt_relay.h"
#include "virtio/transport/isr.h"
#include "virtio/transport/legacy_config.h"
#include "virtio/transport/notify_region.h"
#include "virtio/transport/pci_cfg_access.h"
#include "virtio/transport/properties.h"
#include "virtio/transport/relayed_messages.h"

namespace siskin {

// What a virtio PCI device needs of its machine. All outlive the device.
struct VirtioPciServices {
    MsiTarget& messages;
    DoorbellRegistry& doorbells;
    InterruptRelay& relay;
    LineEnds& line_ends;
    // The guest's memory as it is now.
    std::function<std::shared_ptr<const GuestMemory>()> guest_memory;
};

// BAR 0, ports: the legacy interface, where there is one. BAR 1, 32 bits: MSI-X. BAR 4, 64 bits,
// prefetchable, 16 KiB:
//   0x0000 common configuration   0x1000 ISR   0x2000 device configuration   0x3000 notification
// Below a port it is a PCI Express endpoint with power management and function level reset; on a
// root bus a conventional function.
// Left out on purpose: shared memory.
// Follows: virtio 1.2 §4.1.
//
// A reset, by the driver or from outside, is asynchronous: the status reads non-zero until the
// device's I/O thread has finished what was in flight, so no vCPU waits; writes are dropped
// meanwhile (§2.4, §4.1.4.3.2). Without Bus Master Enable the device takes no chain.
// Thread: any vCPU or the VM loop, under MachineLock, but for DeviceHost's functions.
class VirtioPci final : public Device,
                        public PciFunction,
                        private CommonConfigOwner,
                        private DeviceHost {
public:
    static constexpr std::uint64_t kRegionSize = 0x1000;
    static constexpr std::uint64_t kCommonOffset = 0x0000;
    static constexpr std::uint64_t kIsrOffset = 0x1000;
    static constexpr std::uint64_t kDeviceOffset = 0x2000;
    static constexpr std::uint64_t kNotifyOffset = 0x3000;
    static constexpr unsigned kLegacyBar = 0;
    static constexpr unsigned kMsixBar = 1;
    static constexpr unsigned kModernBar = 4;
    static constexpr std::uint64_t kModernBarSize = 0x4000;
    // As many doorbells as the notification region has room for.
    static constexpr std::size_t kQueuesMax = kRegionSize / NotifyRegion::kMultiplier;

    // Plugs it in at `place`. `config` is of the type's config struct and kept; `properties` is the
    // part of it. Errors: properties that do not go together, no descriptor left.
    [[nodiscard]] static Result<std::unique_ptr<VirtioPci>> create(
        const DeviceType& type, PciPlace place, std::shared_ptr<void> config,
        const VirtioPciProperties& properties, const VirtioPciServices& services,
        std::unique_ptr<VirtioDevice> device);
    ~VirtioPci() override;

    using Device::id;
    using PciFunction::config;

    void reset(std::function<void()> done) override;
    void settle() override;
    void pause(std::function<void()> done) override;
    void resume() override;
    [[nodiscard]] std::span<const DevicePart> parts() const override { return {&backend_, 1}; }

    [[nodiscard]] std::uint64_t config_read(IoAccess access) override;
    void config_write(IoAccess access, std::uint64_t value) override;

    [[nodiscard]] VirtioDevice& device() { return *device_; }
    [[nodiscard]] const NotifyRegion& notify() const { return *notify_; }

private:
    VirtioPci(const DeviceType& type, const PciPlace& place, std::shared_ptr<void> config,
              const VirtioPciProperties& properties, VirtioInterfaces interfaces,
              const VirtioPciServices& services, std::unique_ptr<VirtioDevice> device,
              std::unique_ptr<NotifyRegion> notify, EventFd isr_changed);
    void add_legacy_bar(bool has_msix);
    void add_modern_bar(bool is_express);
    void add_region(std::uint8_t type, std::uint64_t offset);

    // PciFunction
    void on_bar_moved(unsigned index, std::optional<GuestAddress> address) override;
    void on_bus_master(bool enabled) override;
    void on_msix_enabled(bool enabled) override;
    void on_intx_open(bool open) override;
    void on_reset_begins() override;

    // CommonConfigOwner
    [[nodiscard]] bool is_valid_queue(const QueueConfig& config, std::uint16_t size_max) override;
    [[nodiscard]] bool is_usable_vector(std::uint16_t vector) override;
    void on_vectors_changed() override;
    void on_features_ok(FeatureSet accepted) override;
    void on_driver_ok() override;
    void on_reset_requested(DriverInterface by) override;
    void on_legacy_driver() override;
    void on_queue_reset_requested(std::size_t index, DriverInterface by) override;
    [[nodiscard]] bool on_queue_enabled_again(std::size_t index) override;
    void before_access() override;
    [[nodiscard]] bool needs_reset() const override { return needs_reset_.load(); }

    // DeviceHost, any thread
    void needs_reset(std::string_view reason) override;
    void config_changed() override { config_interrupt_.signal(); }
    void guest_error(std::string_view reason) override;

    // The queue that its registers describe.
    [[nodiscard]] Result<ActiveQueue> enable_queue(std::size_t index,
                                                   std::shared_ptr<const GuestMemory> memory);
    [[nodiscard]] DoorbellSpace doorbell_space() const;
    void begin_reset();
    void route_interrupts();
    void lead_pin();
    void give_up_direct_pin(std::string_view reason);
    void route(TransportInterrupt& interrupt, std::uint16_t vector);

    const VirtioPciServices services_;
    RelayedMessages relayed_messages_;
    std::string backend_type_;
    DevicePart backend_;
    std::unique_ptr<VirtioDevice> device_;
    GuestErrorLog log_;
    std::unique_ptr<NotifyRegion> notify_;
    IsrStatus isr_;
    std::optional<DirectPin> direct_pin_;  // none: the pin is driven from the VM loop alone
    CommonConfig common_;
    DeviceConfigRegion device_config_;
    std::optional<LegacyConfig> legacy_;
    BarRegions regions_;
    std::unique_ptr<PciCfgAccess> cfg_access_;  // null without the modern interface
    TransportInterrupt config_interrupt_;
    std::vector<std::unique_ptr<TransportInterrupt>> queue_interrupts_;

    bool active_ = false;  // the device has the queues
    bool machine_paused_ = false;
    std::atomic<bool> needs_reset_{false};
    DrainCount drains_;                     // of the whole device, for a reset
    std::vector<DrainCount> queue_drains_;  // for VIRTIO_F_RING_RESET
};

}  // namespace siskin
