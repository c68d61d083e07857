// SPDX-License-Identifier: Apache-2.0
// CommonConfig: the common configuration structure (virtio 1.2 §4.1.4.3) and the state behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bus/io_handler.h"
#include "virtio/device.h"
#include "virtio/features.h"
#include "virtio/queue/layout.h"
#include "virtio/spec.h"
#include "virtio/transport/device_status.h"

namespace siskin {

// The two ways in which a driver reaches the registers (§4.1.4.3, §4.1.4.10).
enum class DriverInterface { Modern, Legacy };

// What the registers set in motion. Thread: as CommonConfig.
class CommonConfigOwner {
public:
    virtual ~CommonConfigOwner() = default;
    // Whether these registers describe a queue that can be enabled.
    [[nodiscard]] virtual bool is_valid_queue(const QueueConfig& config,
                                              std::uint16_t size_max) = 0;
    // Whether the device can raise that MSI-X vector.
    [[nodiscard]] virtual bool is_usable_vector(std::uint16_t vector) = 0;
    virtual void on_vectors_changed() = 0;
    virtual void on_features_ok(FeatureSet accepted) = 0;
    virtual void on_driver_ok() = 0;
    // 0 was written to the status. Until CommonConfig::finish_reset() it reads as before; a modern
    // driver waits for that, a legacy one takes the reset for done when the write is.
    virtual void on_reset_requested(DriverInterface by) = 0;
    // Legacy: DRIVER was set.
    virtual void on_legacy_driver() = 0;
    // VIRTIO_F_RING_RESET: 1 was written to the queue_reset of a queue that the device has. Until
    // CommonConfig::finish_queue_reset() it reads as 1. Legacy: 0 was written to its address.
    virtual void on_queue_reset_requested(std::size_t index, DriverInterface by) = 0;
    // Such a queue, configured anew after its reset, is the device's again. False: it cannot be.
    [[nodiscard]] virtual bool on_queue_enabled_again(std::size_t index) = 0;
    // Called before each access: the place to notice that the I/O thread has finished a reset.
    virtual void before_access() = 0;
    [[nodiscard]] virtual bool needs_reset() const = 0;
};

// Registers of one queue.
struct QueueRegisters {
    QueueConfig config;
    std::uint16_t size_max = 0;
    std::uint16_t vector = virtio_spec::kNoVector;
    bool enabled = false;
    bool resetting = false;  // by queue_reset
    bool was_reset = false;  // since the device began, and not enabled again yet
};

// Any read is defined, at any offset, of any width. A write counts when it is of one whole field,
// or of one half of a 64-bit field; all other writes are dropped (§4.1.3.1). A selector out of
// range reads as 0 and drops writes. A queue's size and addresses are frozen while it is enabled,
// and everything but the vectors from DRIVER_OK to reset: of the device, or of that queue.
// Of a transitional device LegacyConfig shows the same registers. The interface that is written to
// first after a reset is the driver's; of writes by the other one only a reset counts.
// Thread: any vCPU, under MachineLock.
class CommonConfig final : public IoHandler {
public:
    // `offered` includes what the transport adds to the device's own.
    CommonConfig(VirtioDevice& device, FeatureSet offered, CommonConfigOwner& owner);

    [[nodiscard]] std::uint64_t read(IoAccess access) override;
    void write(IoAccess access, std::uint64_t value) override;

    // -- the legacy interface: LegacyConfig is what a driver sees of it --
    [[nodiscard]] bool is_legacy() const { return interface_ == DriverInterface::Legacy; }
    // A write by it counts: no reset is going on, and the driver is not a modern one.
    [[nodiscard]] bool claim_legacy();
    // Features below 32, and those that the legacy interface alone has (§6.3).
    [[nodiscard]] std::uint32_t legacy_offered() const;
    [[nodiscard]] std::uint8_t legacy_status() const { return status_.value(); }
    // Of the queue that is selected, or null.
    [[nodiscard]] const QueueRegisters* selected() const;
    [[nodiscard]] std::uint16_t queue_select() const { return queue_select_; }
    void accept_legacy(std::uint32_t features);
    void select_queue(std::uint16_t index) { queue_select_ = index; }
    void write_config_vector(std::uint64_t value);
    void write_queue_vector(std::uint64_t value);
    // Where the selected queue is, in pages; 0: nowhere any more.
    void write_legacy_queue(std::uint32_t page);
    // Not claimed: a driver of either kind may be followed by a legacy one, which begins with 0.
    void write_legacy_status(std::uint8_t value);
    // The device begins, unless it has: at DRIVER_OK, or when it is notified before (§3.1.2).
    void begin_legacy();

    // A reset begins that the driver did not ask for here; and ends, with the power-on registers.
    void begin_reset() { resetting_ = true; }
    void finish_reset();
    [[nodiscard]] bool resetting() const { return resetting_; }

    // The device has given the queue back; its registers are as at power-on (§2.6.1.1.1).
    void finish_queue_reset(std::size_t index);

    [[nodiscard]] const std::vector<QueueRegisters>& queues() const { return queues_; }
    [[nodiscard]] std::uint16_t config_vector() const { return config_vector_; }
    [[nodiscard]] FeatureSet accepted() const { return features_.accepted(); }
    [[nodiscard]] bool driver_ok() const { return status_.has(virtio_spec::kStatusDriverOk); }

private:
    [[nodiscard]] QueueRegisters* selected_queue();
    [[nodiscard]] std::uint64_t read_field(std::uint64_t offset);
    [[nodiscard]] std::uint16_t shown_size(std::uint16_t size) const;
    [[nodiscard]] std::uint64_t read_queue_field(std::uint64_t offset);
    void write_field(std::uint64_t offset, std::uint64_t value);
    void write_queue_field(std::uint64_t offset, std::uint64_t value);
    void write_queue_reset(QueueRegisters& queue, std::uint64_t value);
    void write_queue_enable(QueueRegisters& queue, std::uint64_t value);
    void release_legacy_queue(QueueRegisters& queue);
    [[nodiscard]] bool is_frozen(const QueueRegisters& queue) const;
    void write_address(IoAccess access, std::uint64_t value);
    void write_status(std::uint8_t value);
    [[nodiscard]] std::uint16_t vector_or_none(std::uint64_t value);

    VirtioDevice& device_;
    CommonConfigOwner& owner_;
    FeatureNegotiation features_;
    DeviceStatus status_;
    std::vector<QueueRegisters> queues_;
    std::uint32_t device_feature_select_ = 0;
    std::uint32_t driver_feature_select_ = 0;
    std::uint16_t config_vector_ = virtio_spec::kNoVector;
    std::uint16_t queue_select_ = 0;
    std::optional<DriverInterface> interface_;  // none yet
    bool began_ = false;                        // the device has the queues
    bool resetting_ = false;
};

}  // namespace siskin
