// SPDX-License-Identifier: Apache-2.0
// VhostUserBackEnd.
#include "virtio/vhost_user/back_end.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>

#include "base/text.h"

namespace siskin {
namespace {

Result<> check_memory(const GuestMemory& memory) {
    const auto& regions = memory.regions();
    const bool is_shared = std::all_of(regions.begin(), regions.end(),
                                       [](const auto& region) { return region.file != nullptr; });
    return is_shared ? Result<>()
                     : Result<>(fail("a vhost-user back end needs guest memory that can be shared: "
                                     "-object memory-backend-memfd,share=on (or "
                                     "memory-backend-file,share=on) and -machine memory-backend="));
}

}  // namespace

Result<std::unique_ptr<VhostUserBackEnd>> VhostUserBackEnd::create(SocketChardev& chardev,
                                                                   IoThread& io_thread,
                                                                   EventLoop& loop,
                                                                   VhostUserLinkOptions options) {
    SISKIN_TRY(check_memory(*options.memory));
    options.name = concat("chardev '", chardev.id(), "'");
    options.can_come_back = chardev.can_come_back();
    auto news = std::make_shared<VhostUserNews>(SISKIN_TRY(EventFd::create()));
    auto link = SISKIN_TRY(VhostUserLink::create(std::move(options), news));
    std::unique_ptr<VhostUserBackEnd> back_end(
        new VhostUserBackEnd(chardev, io_thread, std::move(news), std::move(link)));
    back_end->watch_ = SISKIN_TRY(
        loop.watch_readable(back_end->news_->event().get(), [&it = *back_end] { it.on_news(); }));
    SISKIN_TRY(chardev.lend_to(*back_end));
    if (!chardev.is_lent()) {
        return fail(concat("chardev '", chardev.id(), "' is not connected: ", chardev.filename()));
    }
    return back_end;
}

VhostUserBackEnd::VhostUserBackEnd(SocketChardev& chardev, IoThread& io_thread,
                                   std::shared_ptr<VhostUserNews> news,
                                   std::shared_ptr<VhostUserLink> link)
    : chardev_(chardev), io_thread_(io_thread), news_(std::move(news)), link_(std::move(link)) {}

VhostUserBackEnd::~VhostUserBackEnd() {
    watch_.reset();
    // Whatever it does just now, it ends without anybody waiting for it.
    io_thread_.post([link = std::move(link_)](IoLoop&) { link->stop(); });
    if (chardev_.is_lent_to(*this)) {
        chardev_.end_lending();
    }
}

void VhostUserBackEnd::when_known(Told told) {
    told_ = std::move(told);
    if (disk_ || failure_) {
        on_news();
    }
}

Result<> VhostUserBackEnd::wait_until_known() {
    pollfd wait{news_->event().get(), POLLIN, 0};
    while (!disk_ && !failure_) {
        if (::poll(&wait, 1, -1) < 0 && errno != EINTR) {
            return fail_errno("could not wait for a vhost-user back end", errno);
        }
        on_news();
    }
    return disk_ ? Result<>() : Result<>(fail(*failure_));
}

void VhostUserBackEnd::on_connected(Fd socket) {
    auto moved = std::make_shared<Fd>(std::move(socket));
    io_thread_.post([link = link_, moved](IoLoop& loop) { link->begin(loop, std::move(*moved)); });
}

void VhostUserBackEnd::on_news() {
    const VhostUserNews::Taken news = news_->take();
    if (news.disk) {
        queue_count_ = news.queue_count;
        on_disk(*news.disk);
    }
    if (news.lost) {
        if (!disk_ && !failure_) {
            failure_ = concat("chardev '", chardev_.id(),
                              "', its vhost-user back end: ", printable(*news.lost));
        }
        chardev_.connection_lost();
    }
    if (told_ && (disk_ || failure_)) {
        // It may be the end of this object.
        const Told told = std::exchange(told_, nullptr);
        told(disk_ ? Result<>() : Result<>(fail(*failure_)));
    }
}

void VhostUserBackEnd::on_disk(const DiskInfo& disk) {
    if (!disk_) {
        disk_ = disk;
        node_.emplace(chardev_.id(), disk, link_);
    } else if (disk.capacity() != node_->capacity()) {
        node_->set_capacity(disk.capacity());
        if (resized_) {
            resized_();
        }
    }
}

}  // namespace siskin
