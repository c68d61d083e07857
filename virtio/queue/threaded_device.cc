// SPDX-License-Identifier: Apache-2.0
// ThreadedDevice.
#include "virtio/queue/threaded_device.h"

#include <future>
#include <memory>
#include <utility>

namespace siskin {

void ThreadedDevice::settle() {
    if (settled_) {
        return;
    }
    std::promise<void> gone;
    deactivate([&] { gone.set_value(); });
    gone.get_future().wait();
    // `gone` was set from inside the queues; wait until the thread has left them.
    io_thread_.run_and_wait([](IoLoop&) {});
    settled_ = true;
}

void ThreadedDevice::post(std::function<void(IoLoop&)> work) {
    settled_ = false;
    io_thread_.post(std::move(work));
}

void ThreadedDevice::activate(ActiveQueues queues, DeviceHost& host) {
    auto moved = std::make_shared<ActiveQueues>(std::move(queues));
    post([this, moved, &host](IoLoop& loop) {
        this->queues().activate(loop, std::move(*moved), host);
    });
}

void ThreadedDevice::deactivate(std::function<void()> done) {
    post([this, done = std::move(done)](IoLoop& loop) {
        queues().deactivate(loop, [this, done] {
            on_deactivated();
            done();
        });
    });
}

void ThreadedDevice::reset_queue(QueueIndex index, std::function<void()> done) {
    post([this, index, done = std::move(done)](IoLoop&) { queues().reset_queue(index, done); });
}

void ThreadedDevice::enable_queue(ActiveQueue queue) {
    auto moved = std::make_shared<ActiveQueue>(std::move(queue));
    post([this, moved](IoLoop&) { queues().enable_queue(std::move(*moved)); });
}

void ThreadedDevice::pause(std::function<void()> done) {
    allowed_.store(false);
    post([this, done = std::move(done)](IoLoop&) { queues().pause(done); });
}

void ThreadedDevice::allow_transfers(bool allowed) {
    allowed_.store(allowed);
    quiet_.store(false);
    if (change_posted_.exchange(true)) {
        return;  // it will see what is allowed now
    }
    post([this](IoLoop&) {
        change_posted_.store(false);
        if (allowed_.load()) {
            queues().resume();
        } else {
            quiet_.store(false);
            queues().pause([this] { quiet_.store(true); });
        }
    });
}

}  // namespace siskin
