// SPDX-License-Identifier: Apache-2.0
// ScsiDisk: scsi-hd and scsi-cd, devices that are a logical unit on a bus.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/object/device.h"
#include "devices/block/disk_control.h"
#include "devices/scsi/scsi_bus.h"
#include "devices/scsi/scsi_options.h"
#include "devices/scsi/scsi_unit.h"

namespace siskin {

// What the machine found for the names in the config, and who is told.
struct ScsiDiskBackends {
    ScsiBus& bus;
    BlockNode* node = nullptr;                         // null: no medium; of a removable unit only
    std::unique_ptr<BlockErrorSink> errors = nullptr;  // may be null
    // The tray moved; from the IoThread. May be empty.
    std::function<void(bool is_open)> on_tray_moved = nullptr;
};

// Where it is, and what it is; the control side of a ScsiUnit, which it reaches by the IoThread.
// Thread: VM loop, under MachineLock, unless said otherwise.
class ScsiDisk final : public Device, public DiskControl, public RemovableDrive {
public:
    // `address` was chosen on the bus, which outlives it, as the node does. `hot_plugged`: the
    // driver is told. Errors: the options are out of their bounds; those of the node's claim; the
    // host cannot do I/O on it.
    [[nodiscard]] static Result<std::unique_ptr<ScsiDisk>> create(
        const DeviceType& type, std::string id, std::shared_ptr<void> config,
        ScsiUnitOptions options, ScsiAddress address, ScsiDiskBackends backends, bool hot_plugged);
    // Waits as settle() does, unless that was called.
    ~ScsiDisk() override;
    ScsiDisk(const ScsiDisk&) = delete;
    ScsiDisk& operator=(const ScsiDisk&) = delete;

    // Off the bus; `done` when nothing of it is in flight, once, from any thread.
    void unplug(std::function<void()> done);
    // Off the bus, and waits for it.
    void settle() override;

    [[nodiscard]] const ScsiBus& bus() const { return bus_; }
    [[nodiscard]] ScsiAddress address() const { return address_; }
    [[nodiscard]] const ScsiUnit& unit() const { return *unit_; }

    // DiskControl
    [[nodiscard]] BlockNode* medium_node() const override { return node_; }
    [[nodiscard]] BlockTotals totals() const override;
    [[nodiscard]] bool accounts_failed() const override { return unit_->options().account_failed; }
    [[nodiscard]] bool accounts_invalid() const override {
        return unit_->options().account_invalid;
    }
    [[nodiscard]] bool may_stop_machine() const override {
        return may_stop(unit_->options().on_read_error, unit_->options().on_write_error);
    }
    [[nodiscard]] int stop_error() const override { return unit_->stop_error(); }
    void set_throttle_group(std::shared_ptr<ThrottleGroup> group) override;
    [[nodiscard]] const std::shared_ptr<ThrottleGroup>& throttle_group() const override {
        return group_use_.group();
    }
    [[nodiscard]] std::uint64_t held_operations() const override;
    [[nodiscard]] std::uint64_t held_ns() const override;
    [[nodiscard]] Result<> resize(ByteCount size) override;
    void publish_size() override;
    [[nodiscard]] Result<> move_to(IoThread& thread, MachineLock& lock) override;
    [[nodiscard]] RemovableDrive* removable() override {
        return unit_->options().is_removable() ? this : nullptr;
    }

    // RemovableDrive
    [[nodiscard]] bool is_tray_open() const override { return unit_->is_tray_open(); }
    [[nodiscard]] bool is_locked() const override { return unit_->is_locked(); }
    void move_tray(bool open) override;
    void request_eject(bool force) override;
    [[nodiscard]] Result<> insert_medium(BlockNode& node) override;
    void remove_medium() override;

private:
    class Events;

    ScsiDisk(const DeviceType& type, std::string id, std::shared_ptr<void> config, ScsiBus& bus,
             ScsiAddress address);
    [[nodiscard]] ScsiTransport& transport() const { return *bus_.transport(); }
    void put_in(std::unique_ptr<ScsiMedium> medium);
    // Calls `work` on the IoThread when nothing of the unit is in flight, and waits for it.
    void run_when_idle(const std::function<void()>& work);

    ScsiBus& bus_;
    const ScsiAddress address_;
    std::unique_ptr<BlockErrorSink> errors_;
    std::unique_ptr<Events> events_;
    std::unique_ptr<ScsiUnit> unit_;
    BlockNode* node_ = nullptr;          // of the medium
    ThrottledEngine* engine_ = nullptr;  // of the medium
    ThrottleGroupUse group_use_;
    // What former media's engines held.
    std::uint64_t former_held_operations_ = 0;
    std::uint64_t former_held_ns_ = 0;
    bool plugged_ = false;
    bool settled_ = true;  // the thread has nothing of ours, nor is it on its way there
};

}  // namespace siskin
