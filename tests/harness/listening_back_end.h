// SPDX-License-Identifier: Apache-2.0
// ListeningBackEnd: a vhost-user back end that listens at a path, on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <poll.h>

#include "base/unix_socket.h"
#include "devices/chardev/chardev_config.h"
#include "tests/harness/vhost_back_end.h"

namespace siskin::test {

// One client at a time. Ends, and its clients' connections with it, when it goes.
class ListeningBackEnd {
public:
    ListeningBackEnd(const std::string& path, std::size_t disk_size)
        : listener_(*UnixListener::listen(path)), thread_([this, disk_size] { main(disk_size); }) {}
    ~ListeningBackEnd() {
        stopping_ = true;
        thread_.join();
    }
    ListeningBackEnd(const ListeningBackEnd&) = delete;
    ListeningBackEnd& operator=(const ListeningBackEnd&) = delete;

    // Connections that the other side has closed.
    [[nodiscard]] unsigned ends() const { return ends_.load(); }

    // A chardev that connects there, and again each second.
    [[nodiscard]] static ChardevConfig chardev(const std::string& path) {
        ChardevConfig config;
        config.backend = ChardevBackend::Socket;
        config.id = "c0";
        config.path = path;
        config.reconnect = 1;
        return config;
    }

private:
    void main(std::size_t disk_size) {
        CachedDisk disk(disk_size);
        std::unique_ptr<VhostBackEnd> back_end;
        while (!stopping_) {
            // The rings' kicks are looked at each millisecond.
            pollfd wait{listener_.get(), POLLIN, 0};
            [[maybe_unused]] const int ready = ::poll(&wait, back_end == nullptr ? 1 : 0, 1);
            if (back_end != nullptr) {
                back_end->step();
                if (back_end->saw_end()) {
                    back_end.reset();
                    ++ends_;
                }
            } else if (Fd client = listener_.accept(); client.valid()) {
                back_end = std::make_unique<VhostBackEnd>(std::move(client), disk);
            }
        }
    }

    UnixListener listener_;
    std::atomic<bool> stopping_{false};
    std::atomic<unsigned> ends_{0};
    std::thread thread_;
};

}  // namespace siskin::test
