// SPDX-License-Identifier: Apache-2.0
// DiskControl: what management asks of any disk device, and RemovableDrive of one with a tray.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bus/machine_lock.h"
#include "base/loop/io_thread.h"
#include "base/result.h"
#include "base/units.h"
#include "devices/block/block_counters.h"
#include "devices/block/block_node.h"
#include "devices/block/throttle_group.h"

namespace siskin {

// Its media come and go. Thread: VM loop, not under MachineLock, as requests in flight are waited
// for; const members any.
class RemovableDrive {
public:
    virtual ~RemovableDrive() = default;

    [[nodiscard]] virtual bool is_tray_open() const = 0;
    // The guest does not want the tray to open.
    [[nodiscard]] virtual bool is_locked() const = 0;
    virtual void move_tray(bool open) = 0;
    // Asks the guest to let go and open it; `force`: it is not locked any more, whatever the guest
    // says.
    virtual void request_eject(bool force) = 0;
    // The drive is empty. Errors: the node is in use, or is not one for this drive.
    [[nodiscard]] virtual Result<> insert_medium(BlockNode& node) = 0;
    // Nothing happens where there is none.
    virtual void remove_medium() = 0;
};

// Thread: VM loop, under MachineLock, unless said otherwise.
class DiskControl {
public:
    virtual ~DiskControl() = default;

    // Null: there is no medium.
    [[nodiscard]] virtual BlockNode* medium_node() const = 0;
    // What all requests came to so far. Any thread.
    [[nodiscard]] virtual BlockTotals totals() const = 0;
    [[nodiscard]] virtual bool accounts_failed() const = 0;
    [[nodiscard]] virtual bool accounts_invalid() const = 0;
    // Whether an error of the host can stop the machine.
    [[nodiscard]] virtual bool may_stop_machine() const = 0;
    // The error that stopped the machine last, as an errno value; 0 once it was let go on.
    [[nodiscard]] virtual int stop_error() const = 0;

    // Limits of their own or of a group, null for none, from now on. VM loop.
    virtual void set_throttle_group(std::shared_ptr<ThrottleGroup> group) = 0;
    [[nodiscard]] virtual const std::shared_ptr<ThrottleGroup>& throttle_group() const = 0;
    // What waited for limits so far.
    [[nodiscard]] virtual std::uint64_t held_operations() const = 0;
    [[nodiscard]] virtual std::uint64_t held_ns() const = 0;

    // Changes the node's size; the driver is told by publish_size(). Requests in flight finish
    // first, and this waits for them. Thread: VM loop, not under MachineLock.
    [[nodiscard]] virtual Result<> resize(ByteCount size) = 0;
    virtual void publish_size() = 0;

    // Its I/O goes to another thread, which outlives it. Requests in flight finish first, and this
    // waits for them. Errors: it has several threads, or the one of its controller. Thread: VM
    // loop, not under `lock`.
    [[nodiscard]] virtual Result<> move_to(IoThread& thread, MachineLock& lock) = 0;

    // Null: its medium stays.
    [[nodiscard]] virtual RemovableDrive* removable() { return nullptr; }
};

}  // namespace siskin
