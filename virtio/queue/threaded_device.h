// SPDX-License-Identifier: Apache-2.0
// ThreadedDevice: a virtio device whose queues a QueueSet serves on an IoThread.
#pragma once

#include <atomic>
#include <functional>

#include "base/loop/io_thread.h"
#include "virtio/device.h"
#include "virtio/queue/queue_set.h"

namespace siskin {

// The control side: what touches queues it posts to the QueueSet's thread, in order.
// Thread: under MachineLock.
class ThreadedDevice : public VirtioDevice {
public:
    // Outlives the device.
    explicit ThreadedDevice(IoThread& io_thread) : io_thread_(io_thread) {}

    void activate(ActiveQueues queues, DeviceHost& host) override;
    void deactivate(std::function<void()> done) override;
    // Waits for requests in flight, too; reset or deactivate before, and there are none. The
    // destructor of each device calls it, as it needs what queues() is.
    void settle() override;
    [[nodiscard]] bool can_reset_queues() const override { return true; }
    void reset_queue(QueueIndex index, std::function<void()> done) override;
    void enable_queue(ActiveQueue queue) override;
    void pause(std::function<void()> done) override;
    void allow_transfers(bool allowed) override;
    [[nodiscard]] bool is_quiet() const override { return quiet_.load(); }

protected:
    [[nodiscard]] virtual QueueSet& queues() = 0;
    // The end of deactivate(), on the IoThread.
    virtual void on_deactivated() {}

    [[nodiscard]] IoThread& io_thread() { return io_thread_; }
    // Runs on the IoThread; settle() waits for it.
    void post(std::function<void(IoLoop&)> work);

private:
    IoThread& io_thread_;
    std::atomic<bool> allowed_{true};
    std::atomic<bool> change_posted_{false};
    std::atomic<bool> quiet_{true};
    bool settled_ = true;  // nothing of ours is on the thread, or on its way there
};

}  // namespace siskin
