// SPDX-License-Identifier: Apache-2.0
// VhostUserLink: the connection to one back end after the other, and the requests that go there.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/loop/io_loop.h"
#include "base/memory/guest_memory.h"
#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/descriptor_watch.h"
#include "virtio/vhost_user/handshake.h"
#include "virtio/vhost_user/news.h"
#include "virtio/vhost_user/ring_requests.h"

namespace siskin {

struct VhostUserLinkOptions {
    std::string name;  // for the log: "chardev 'c0'"
    // All of it can be shared.
    std::shared_ptr<const GuestMemory> memory;
    // None: as many as the back end serves, at most `vcpu_count`.
    std::optional<std::uint16_t> queue_count;
    std::uint16_t vcpu_count = 1;
    std::uint16_t queue_size = 128;
    // There will be another connection after this one.
    bool can_come_back = false;
};

// Everything is driven by what becomes readable, and nothing waits: a back end that is silent, slow
// or gone holds up its own requests alone. It is Down, then greets a new connection, then Ready;
// from there on, and from there on only, requests go through. Each connection has rings, eventfds
// and a channel of its own, so nothing of an old one can be taken for something of a new one.
// Thread: the IoThread's, after create().
class VhostUserLink final : private IoSource, private IoTurnEnd {
public:
    // A back end is given up that has not answered a message for so long.
    static constexpr std::chrono::milliseconds kReplyPatience{2000};
    // A pause or reset gives it up when a request takes so long; where there will be no other, the
    // disk would be gone for good, so it waits longer.
    static constexpr std::chrono::milliseconds kDrainPatience{1000};
    static constexpr std::chrono::milliseconds kLastDrainPatience{10000};
    // How often a deadline is looked at, while there is one; and the back end's own requests.
    static constexpr std::chrono::milliseconds kTick{50};
    static constexpr std::uint16_t kQueuesMax = 64;

    // `news` hears of each change. Error: no descriptor left.
    [[nodiscard]] static Result<std::shared_ptr<VhostUserLink>> create(
        VhostUserLinkOptions options, std::shared_ptr<VhostUserNews> news);
    ~VhostUserLink() override = default;
    VhostUserLink(const VhostUserLink&) = delete;
    VhostUserLink& operator=(const VhostUserLink&) = delete;

    // A connected socket; the one before, if any, was lost.
    void begin(IoLoop& loop, Fd socket);
    // The end: nothing of it is on the loop any more.
    void stop();

    // The device's side, between its engine's attach() and detach(). Null: none.
    void set_listener(BlockEngineListener* listener);
    [[nodiscard]] bool is_ready() const { return state_ == State::Ready; }
    void submit(BlockOperation& operation);
    // Somebody waits until nothing is in flight.
    void hurry();

private:
    using Clock = std::chrono::steady_clock;
    using Deadline = std::optional<Clock::time_point>;
    enum class State { Down, Greeting, Ready };

    // A member function as an IoSource.
    class Source final : public IoSource {
    public:
        Source(VhostUserLink& link, void (VhostUserLink::*ready)()) : link_(link), ready_(ready) {}
        void on_ready() override { (link_.*ready_)(); }

    private:
        VhostUserLink& link_;
        void (VhostUserLink::*ready_)();
    };

    VhostUserLink(VhostUserLinkOptions options, std::shared_ptr<VhostUserNews> news,
                  DescriptorWatch watch);

    void on_ready() override;  // the socket, or the timer
    void on_turn_end() override;
    void on_call();
    void on_back_end_request();
    void on_tick();
    [[nodiscard]] Result<> greet(Fd socket);
    [[nodiscard]] Result<> take_messages();
    [[nodiscard]] Result<> go_on();
    [[nodiscard]] Result<> set_up();
    [[nodiscard]] Result<std::uint16_t> count_queues(const DiskInfo& disk) const;
    [[nodiscard]] Result<> open_requests_channel();
    [[nodiscard]] Result<> become_ready();
    [[nodiscard]] Result<> answer_back_end(const VhostUserMessage& message);
    [[nodiscard]] Result<> look_at_deadlines(Clock::time_point now);
    void listen_to_back_end(bool on);
    void set_timer();
    void lose(const std::string& reason);
    void close();
    // Loses the connection on an error.
    void check(const Result<>& result);

    const VhostUserLinkOptions options_;
    const std::shared_ptr<VhostUserNews> news_;
    Source call_source_{*this, &VhostUserLink::on_call};
    Source request_source_{*this, &VhostUserLink::on_back_end_request};
    DescriptorWatch watch_;
    IoLoop* loop_ = nullptr;
    BlockEngineListener* listener_ = nullptr;
    State state_ = State::Down;
    bool is_noted_ = false;  // the log knows that no back end is there

    // Of the first connection that got there.
    std::optional<DiskInfo> known_;
    std::uint16_t queue_count_ = 0;

    // Of this connection.
    std::optional<MessageChannel> channel_;
    std::optional<Handshake> handshake_;
    std::optional<RingMemory> rings_;
    std::vector<EventFd> kicks_;
    std::optional<EventFd> call_;
    std::optional<MessageChannel> requests_channel_;  // the back end asks
    Fd requests_end_;                                 // its end of that, until it has got it
    bool is_listening_ = false;                       // to requests_channel_
    bool config_changed_ = false;                     // to be asked for

    RingRequests requests_;
    Deadline reply_deadline_;
    Deadline drain_deadline_;
    std::uint64_t drained_until_ = 0;  // operations that somebody waits for
};

}  // namespace siskin
