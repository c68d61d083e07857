// SPDX-License-Identifier: Apache-2.0
// ServedBackEnd: a chardev, an event loop, an I/O thread, and a vhost-user back end that listens on
// a thread of its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/bus/machine_lock.h"
#include "base/loop/event_loop.h"
#include "base/loop/io_thread.h"
#include "devices/chardev/chardev_registry.h"
#include "devices/chardev/socket.h"
#include "tests/harness/listening_back_end.h"
#include "tests/harness/temporary_directory.h"
#include "tests/harness/test_guest.h"
#include "virtio/vhost_user/back_end.h"

namespace siskin::test {

class ServedBackEnd {
public:
    static constexpr std::size_t kDiskSize = 65536;

    // Not there: nobody listens.
    explicit ServedBackEnd(bool is_there = true) {
        if (is_there) {
            serve(kDiskSize);
        }
        const MutexLock hold(lock);
        SISKIN_ASSERT(registry_.add(ListeningBackEnd::chardev(path()), loop, lock).has_value());
    }
    ~ServedBackEnd() = default;
    ServedBackEnd(const ServedBackEnd&) = delete;
    ServedBackEnd& operator=(const ServedBackEnd&) = delete;

    SocketChardev& chardev() { return dynamic_cast<SocketChardev&>(*registry_.find("c0")); }
    VhostUserLinkOptions options() const {
        VhostUserLinkOptions options;
        options.memory = guest.memory();
        options.queue_size = 16;
        return options;
    }
    Result<std::unique_ptr<VhostUserBackEnd>> create() { return create(options()); }
    Result<std::unique_ptr<VhostUserBackEnd>> create(VhostUserLinkOptions options) {
        const MutexLock hold(lock);
        return VhostUserBackEnd::create(chardev(), *io_thread, loop, std::move(options));
    }
    // The back end dies, and one with a disk of that size listens in its stead.
    void replace(std::size_t size) {
        back_end_.reset();
        serve(size);
    }
    // So many connections were closed by the other side.
    bool served_ends(unsigned count) {
        return turn_until([&] { return back_end_->ends() >= count; });
    }
    bool turn_until(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) {
                return false;
            }
            loop.run_ready();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return true;
    }

    TestGuest guest;
    EventLoop loop;
    MachineLock lock;
    std::unique_ptr<IoThread> io_thread = *IoThread::create("io");

private:
    void serve(std::size_t size) { back_end_ = std::make_unique<ListeningBackEnd>(path(), size); }
    [[nodiscard]] std::string path() const { return directory_.path("socket"); }

    TemporaryDirectory directory_;
    ChardevRegistry registry_;
    std::unique_ptr<ListeningBackEnd> back_end_;
};

}  // namespace siskin::test
