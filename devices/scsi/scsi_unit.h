// SPDX-License-Identifier: Apache-2.0
// ScsiUnit: a logical unit, a disk or a CD drive, that executes commands on a medium.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/loop/io_loop.h"
#include "devices/block/block_counters.h"
#include "devices/block/block_on_error.h"
#include "devices/scsi/scsi_medium.h"
#include "devices/scsi/scsi_options.h"
#include "devices/scsi/scsi_reply.h"
#include "devices/scsi/scsi_task.h"
#include "devices/scsi/scsi_unit_state.h"

namespace siskin {

// Who is told what a guest does with a unit, from its IoThread.
class ScsiUnitEvents {
public:
    virtual ~ScsiUnitEvents() = default;
    virtual void on_tray_moved(bool is_open) = 0;
};

// Models: one initiator, tasks of any attribute done as they come, write caching, unmapping, a tray
// that can be locked. Left out: reservations, protection information, WRITE SAME of anything but
// zeroes, saved mode pages.
// Follows: SAM-5, SPC-4, SBC-3, MMC-6. Knows nothing of who carries its commands.
// Thread: the IoThread's, but for what says otherwise. No lock, and no allocation a command.
class ScsiUnit {
public:
    // Both may be null and outlive this. A command finds at most `tasks_max` of it under way.
    ScsiUnit(ScsiUnitOptions options, std::size_t tasks_max, BlockErrorSink* errors,
             ScsiUnitEvents* events);
    ScsiUnit(const ScsiUnit&) = delete;
    ScsiUnit& operator=(const ScsiUnit&) = delete;

    [[nodiscard]] const ScsiUnitOptions& options() const { return options_; }  // any thread
    [[nodiscard]] std::size_t tasks_max() const { return tasks_max_; }         // any thread

    // The loop on which commands come, and their end. Between them and before: nothing is in
    // flight. Where the loop cannot watch the medium, commands that want it fail.
    void attach(IoLoop& loop);
    void detach();
    void execute(ScsiTask& task);
    // Begins again what was kept.
    void retry(ScsiTask& task);
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
    // Of the medium's engine (BlockEngine).
    void release_held();
    void hand_back_held();

    // As after power-on, but for the tray: its tasks are the transport's business.
    void reset();
    // Tells the driver, with its next command that may be told (SAM-5 §5.14).
    void raise(const ScsiSense& attention);

    // Calls `work` when nothing is in flight, perhaps at once; until then commands that want the
    // medium are told that the unit is busy. One at a time.
    void when_idle(std::function<void()> work);
    // Of the transport: somebody waits, and nothing is in flight any more. Not from inside a
    // completion.
    void settle();
    [[nodiscard]] bool is_waiting() const { return static_cast<bool>(waiting_); }
    // The transport wants to be told, not from inside a completion, that settle() is due.
    void set_idle_hook(std::function<void()> hook) { idle_hook_ = std::move(hook); }

    // When idle. The medium goes in, or null for none; the former one is returned.
    [[nodiscard]] std::unique_ptr<ScsiMedium> change_medium(std::unique_ptr<ScsiMedium> medium);
    // When idle: the medium has another size now. The driver is told.
    void update_capacity();
    void move_tray(bool open);
    // The driver is asked to open the tray; `unlock`: it has no say any more.
    void request_eject(bool unlock);
    [[nodiscard]] ScsiMedium* medium() const { return medium_.get(); }

    // Any thread.
    [[nodiscard]] bool is_tray_open() const { return shown_tray_open_.load(); }
    [[nodiscard]] bool is_locked() const { return shown_locked_.load(); }
    [[nodiscard]] int stop_error() const { return stop_error_.load(); }
    void forget_stop_error() { stop_error_.store(0); }
    [[nodiscard]] const BlockCounters& counters() const { return counters_; }

private:
    friend class ScsiTask;

    // What a command does; true: it is done, with `task.sense`.
    [[nodiscard]] bool begin(ScsiTask& task);
    [[nodiscard]] bool begin_command(ScsiTask& task);
    [[nodiscard]] bool begin_on_medium(ScsiTask& task);
    void tell(ScsiTask& task);
    [[nodiscard]] ScsiSense tell_of_disc(const ScsiCommand& command, ScsiReply& reply);
    [[nodiscard]] ScsiSense report_attention(const ScsiCommand& command);
    [[nodiscard]] ScsiSense request_sense(const ScsiCommand& command, ScsiReply& reply);
    [[nodiscard]] ScsiSense start_stop(const ScsiCommand& command);
    [[nodiscard]] ScsiSense prevent_removal(const ScsiCommand& command);
    [[nodiscard]] ScsiSense no_medium_sense() const;
    // scsi_transfer.cc
    [[nodiscard]] ScsiSense check_range(const ScsiCommand& command) const;
    [[nodiscard]] bool begin_read(ScsiTask& task);
    [[nodiscard]] bool begin_write(ScsiTask& task);
    [[nodiscard]] bool begin_verify(ScsiTask& task) const;
    [[nodiscard]] bool begin_flush(ScsiTask& task);
    [[nodiscard]] bool begin_write_same(ScsiTask& task);
    [[nodiscard]] bool begin_unmap(ScsiTask& task);
    [[nodiscard]] bool begin_mode_select(ScsiTask& task);
    [[nodiscard]] bool next_unmap(ScsiTask& task);
    static void count_as(ScsiTask& task, BlockAccount account, std::uint64_t offset,
                         std::uint64_t size);
    void submit(ScsiTask& task);
    void on_step_done(ScsiTask& task, int error_number);
    void on_step_lost(ScsiTask& task);
    // The task is not the unit's any more; it is told why.
    void leave(ScsiTask& task, void (ScsiTask::*why)());
    void finish(ScsiTask& task);
    void show_state();

    const ScsiUnitOptions options_;
    const std::size_t tasks_max_;
    BlockErrorSink* errors_;
    ScsiUnitEvents* events_;
    ScsiUnitState state_;
    std::unique_ptr<ScsiMedium> medium_;
    IoLoop* loop_ = nullptr;
    bool is_attached_ = false;         // the medium, to the loop
    std::uint32_t attentions_ = 0;     // one bit each
    std::uint64_t medium_number_ = 0;  // of those that were here
    std::size_t in_flight_ = 0;
    std::function<void()> waiting_;
    std::function<void()> idle_hook_;
    BlockCounters counters_;
    std::atomic<bool> shown_tray_open_{false};
    std::atomic<bool> shown_locked_{false};
    std::atomic<int> stop_error_{0};
};

}  // namespace siskin
