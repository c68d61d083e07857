// SPDX-License-Identifier: Apache-2.0
// ScsiIo: the part of a SCSI host device that lives on its IoThread: its queues and its units.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "devices/scsi/scsi_bus.h"
#include "devices/scsi/scsi_target.h"
#include "virtio/queue/queue_set.h"
#include "virtio/scsi/scsi_control_queue.h"
#include "virtio/scsi/scsi_event_queue.h"
#include "virtio/scsi/scsi_request_queue.h"

namespace siskin {

// What both sides of the device see. Any thread.
struct ScsiShared {
    std::atomic<std::uint32_t> cdb_size{virtio_spec::kScsiCdbSizeDefault};
    std::atomic<std::uint32_t> sense_size{virtio_spec::kScsiSenseSizeDefault};
};

// Thread: the IoThread's, after construction.
class ScsiIo final : public QueueSet, private ScsiQueueOwner, private ScsiTaskManager {
public:
    // `shared` outlives it.
    ScsiIo(EventFd idle, const ScsiShared& shared) : QueueSet(std::move(idle)), shared_(shared) {}
    ~ScsiIo() override = default;
    ScsiIo(const ScsiIo&) = delete;
    ScsiIo& operator=(const ScsiIo&) = delete;

    // The unit is addressed from now on, and outlives remove_unit(). `is_new`: the driver is told.
    void add_unit(ScsiUnit& unit, ScsiAddress address, bool is_new);
    // It is addressed no more; `done` when nothing of it is in flight. The driver is told.
    void remove_unit(ScsiUnit& unit, std::function<void()> done);
    // Its medium has another size by now; nothing of it is in flight.
    void update_capacity(ScsiUnit& unit);

private:
    struct Entry {
        ScsiAddress address;
        ScsiUnit* unit;
    };

    // QueueSet
    [[nodiscard]] Result<> attach_back_end(IoLoop& loop) override;
    void detach_back_end(IoLoop& loop) override;
    void hand_back_held() override;
    [[nodiscard]] std::unique_ptr<ServedQueue> make_queue(ActiveQueue queue) override;
    void on_activate(FeatureSet accepted) override { accepted_ = accepted; }
    void on_error_forgotten() override;
    void on_look() override;

    // ScsiQueueOwner
    [[nodiscard]] ScsiLayout layout() const override {
        return ScsiLayout{shared_.cdb_size.load(), shared_.sense_size.load()};
    }
    [[nodiscard]] ScsiUnit* find_unit(ScsiAddress address) const override;
    [[nodiscard]] std::span<const std::uint16_t> units_of(std::uint16_t target) override;
    void on_queue_idle() override { note_idle(); }
    void on_handed_back() override { note_handed_back(); }
    void on_cancelled_task_done() override;
    void on_task_kept() override { hold(); }
    void on_guest_error(std::string_view reason) override { tell_guest_error(reason); }
    void on_broken_ring(std::string_view reason) override { tell_broken_ring(reason); }

    // ScsiTaskManager
    [[nodiscard]] std::size_t count_tasks(const ScsiTaskSet& tasks) const override;
    [[nodiscard]] std::size_t cancel_tasks(const ScsiTaskSet& tasks,
                                           std::uint8_t response) override;
    void reset_units(std::uint16_t target, std::optional<std::uint16_t> lun) override;

    template <typename Queue>
    [[nodiscard]] Queue* queue_of_kind() const;
    void tell(std::uint32_t event, ScsiAddress address, std::uint32_t reason);

    const ScsiShared& shared_;
    std::vector<Entry> units_;                                  // by address
    std::vector<ScsiUnit*> leaving_;                            // not addressed any more
    bool hand_back_due_ = false;                                // after tasks were cancelled
    std::array<std::uint16_t, kScsiUnitsPerTargetMax> luns_{};  // of units_of()
    FeatureSet accepted_;
};

}  // namespace siskin
