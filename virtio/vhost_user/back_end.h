// SPDX-License-Identifier: Apache-2.0
// VhostUserBackEnd: what the VM loop has of a back end: its chardev, its node, its news.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/loop/event_loop.h"
#include "base/loop/io_thread.h"
#include "base/result.h"
#include "devices/chardev/socket.h"
#include "virtio/vhost_user/disk_info.h"
#include "virtio/vhost_user/link.h"
#include "virtio/vhost_user/news.h"
#include "virtio/vhost_user/vhost_user_node.h"

namespace siskin {

// Thread: VM loop, under MachineLock or not, as each call says. Nothing here waits, unless said.
class VhostUserBackEnd final : private SocketUser {
public:
    // Begins to greet the back end at the other end of the chardev's socket, which is its own from
    // here on. Errors: guest memory that cannot be shared; the chardev is in use, no Unix socket,
    // or not connected. Under MachineLock.
    [[nodiscard]] static Result<std::unique_ptr<VhostUserBackEnd>> create(
        SocketChardev& chardev, IoThread& io_thread, EventLoop& loop, VhostUserLinkOptions options);
    // Under MachineLock.
    ~VhostUserBackEnd() override;
    VhostUserBackEnd(const VhostUserBackEnd&) = delete;
    VhostUserBackEnd& operator=(const VhostUserBackEnd&) = delete;

    // Calls back once, with the first disk that was told or with why there is none; perhaps at
    // once, else from the loop without MachineLock. `told` may destroy this object.
    using Told = std::function<void(Result<>)>;
    void when_known(Told told);
    // For start-up, where nothing else is to be done: waits for it. The link has a deadline.
    [[nodiscard]] Result<> wait_until_known();

    // Once known.
    [[nodiscard]] const DiskInfo& disk() const { return *disk_; }
    [[nodiscard]] VhostUserNode& node() { return *node_; }
    [[nodiscard]] std::uint16_t queue_count() const { return queue_count_; }
    // Calls back, from the loop without MachineLock, when the disk has another size. Null: nobody.
    void set_on_resized(std::function<void()> resized) { resized_ = std::move(resized); }

private:
    VhostUserBackEnd(SocketChardev& chardev, IoThread& io_thread,
                     std::shared_ptr<VhostUserNews> news, std::shared_ptr<VhostUserLink> link);

    void on_connected(Fd socket) override;
    void on_news();
    void on_disk(const DiskInfo& disk);

    SocketChardev& chardev_;
    IoThread& io_thread_;
    const std::shared_ptr<VhostUserNews> news_;
    std::shared_ptr<VhostUserLink> link_;
    std::unique_ptr<EventLoop::Watch> watch_;
    std::optional<DiskInfo> disk_;  // the first
    std::uint16_t queue_count_ = 0;
    std::optional<VhostUserNode> node_;
    std::optional<std::string> failure_;  // of the first
    Told told_;
    std::function<void()> resized_;
};

}  // namespace siskin
