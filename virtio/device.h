// SPDX-License-Identifier: Apache-2.0
// VirtioDevice: what a virtio device is to its transport; it knows nothing of the transport.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/memory/guest_memory.h"
#include "base/units.h"
#include "virtio/features.h"
#include "virtio/interrupt.h"
#include "virtio/queue/virtqueue.h"

namespace siskin {

// What a transport does for an active device. Any thread; outlives the activation.
class DeviceHost {
public:
    virtual ~DeviceHost() = default;
    // The device met what it cannot go on from: DEVICE_NEEDS_RESET and a configuration interrupt
    // (virtio 1.2 §2.1.2). It has stopped itself already.
    virtual void needs_reset(std::string_view reason) = 0;
    // The device's configuration space has changed on its own account: a configuration interrupt
    // (§2.3).
    virtual void config_changed() {}
    // A chain was refused or the like; logged, bounded.
    virtual void guest_error(std::string_view reason) = 0;
};

// One queue that the driver enabled. The references outlive the activation.
struct ActiveQueue {
    QueueIndex index;
    Virtqueue queue;
    const EventFd& kick;  // readable when the driver has notified
    DriverInterrupt& interrupt;
};

// All of a device's queues at DRIVER_OK. Moves to the device's I/O thread as one.
struct ActiveQueues {
    FeatureSet accepted;
    std::vector<ActiveQueue> queues;
};

// Thread: any vCPU or the VM loop, under MachineLock, unless said otherwise. Nothing here blocks,
// the destructor neither, where settle() was called before it, or nothing but what is const: a plug
// that fails is taken back under the lock.
class VirtioDevice {
public:
    virtual ~VirtioDevice() = default;

    // The identifier of virtio 1.2 §5 and the PCI class code (24 bits).
    [[nodiscard]] virtual std::uint16_t device_id() const = 0;
    [[nodiscard]] virtual std::uint32_t class_code() const = 0;
    [[nodiscard]] virtual FeatureSet offered_features() const = 0;
    // Whether the driver may have this subset of them, which holds VERSION_1 (§2.2.2).
    [[nodiscard]] virtual bool accepts(FeatureSet) const { return true; }
    // The largest size of each queue, a power of two; as many as there are queues.
    [[nodiscard]] virtual const std::vector<std::uint16_t>& queue_sizes() const = 0;

    // Device configuration space: any offset, 1 to 8 bytes. Outside: zero, or dropped (§2.5).
    [[nodiscard]] virtual std::uint64_t read_config(std::uint64_t offset, unsigned width) = 0;
    virtual void write_config(std::uint64_t offset, unsigned width, std::uint64_t value) = 0;
    // One byte, by a legacy driver, which may do it before it has told its features (§3.1.2).
    virtual void write_legacy_config(std::uint64_t offset, std::uint64_t value) {
        write_config(offset, 1, value);
    }
    // Bytes of it that there are with what is offered; the size of a legacy BAR follows from it.
    // Only asked where the type has a legacy interface.
    [[nodiscard]] virtual std::uint16_t config_size() const { return 0; }
    // Changes whenever what read_config() returns has changed on the device's own account (§2.5.2).
    [[nodiscard]] virtual std::uint8_t config_generation() const = 0;
    // FEATURES_OK: the driver accepted these; without VERSION_1 it is a legacy one, which begins.
    virtual void features_accepted(FeatureSet) {}
    // A reset before DRIVER_OK: as if they had never been accepted.
    virtual void features_forgotten() {}

    // DRIVER_OK: the queues are the device's until deactivate() is done. `host` too.
    virtual void activate(ActiveQueues queues, DeviceHost& host) = 0;
    // Takes no chain any more and calls `done`, once, from any thread, when the last request has
    // finished and guest memory is no longer touched. May be called when not active.
    virtual void deactivate(std::function<void()> done) = 0;
    // As Device::settle(): nothing is called from here on, but the destructor.
    virtual void settle() {}
    // VIRTIO_F_RING_RESET (§2.6.1). Whether one queue may go and come back while the others stay;
    // if not, the next two are never called.
    [[nodiscard]] virtual bool can_reset_queues() const { return false; }
    // As deactivate(), of one queue of an active device. One that it has not is done at once.
    virtual void reset_queue(QueueIndex, std::function<void()> done) { done(); }
    // The queue is the device's again, as it was configured anew.
    virtual void enable_queue(ActiveQueue) {}
    // The same as deactivate() without giving the queues up. At any time: a paused device may be
    // activated and starts paused.
    virtual void pause(std::function<void()> done) = 0;
    // Ends a pause, and looks at the rings again; or pauses, without telling when. However often
    // the guest has it change, one change waits at most: the last one wins.
    virtual void allow_transfers(bool allowed) = 0;
    // After a pause: nothing is in flight any more.
    [[nodiscard]] virtual bool is_quiet() const = 0;
};

}  // namespace siskin
