// SPDX-License-Identifier: Apache-2.0
// VhostUserLink.
#include "virtio/vhost_user/link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include <sys/socket.h>

#include "base/log.h"
#include "base/text.h"

namespace siskin {

namespace spec = vhost_user_spec;

namespace {

constexpr int kMessagesPerTurnMax = 16;

// A ring holds every request of a queue, and the longest: its data, a header and a status.
constexpr std::uint16_t ring_entries(std::uint16_t queue_size) {
    return static_cast<std::uint16_t>(queue_size * 2U);
}

}  // namespace

Result<std::shared_ptr<VhostUserLink>> VhostUserLink::create(VhostUserLinkOptions options,
                                                             std::shared_ptr<VhostUserNews> news) {
    DescriptorWatch watch = SISKIN_TRY(DescriptorWatch::create());
    return std::shared_ptr<VhostUserLink>(
        new VhostUserLink(std::move(options), std::move(news), std::move(watch)));
}

VhostUserLink::VhostUserLink(VhostUserLinkOptions options, std::shared_ptr<VhostUserNews> news,
                             DescriptorWatch watch)
    : options_(std::move(options)), news_(std::move(news)), watch_(std::move(watch)) {}

void VhostUserLink::begin(IoLoop& loop, Fd socket) {
    SISKIN_ASSERT(state_ == State::Down);
    if (loop_ == nullptr) {
        if (const auto added = loop.add(watch_.get(), *this); !added) {
            news_->tell_lost(added.error().message);
            return;
        }
        loop_ = &loop;
    }
    loop.want_turn_end(*this);
    state_ = State::Greeting;
    check(greet(std::move(socket)));
}

Result<> VhostUserLink::greet(Fd socket) {
    channel_.emplace(std::move(socket));
    watch_.follow(channel_->descriptor(), false);
    reply_deadline_ = Clock::now() + kReplyPatience;
    set_timer();
    handshake_.emplace(*channel_);
    return handshake_->begin();
}

void VhostUserLink::stop() {
    if (loop_ == nullptr) {
        return;
    }
    close();
    requests_.finish_turn();
    loop_->forget_turn_end(*this);
    loop_->remove(watch_.get(), *this);
    loop_ = nullptr;
}

void VhostUserLink::set_listener(BlockEngineListener* listener) {
    listener_ = listener;
    requests_.forget_losses();
}

void VhostUserLink::hurry() {
    if (state_ == State::Ready && requests_.in_flight() != 0 && !drain_deadline_) {
        drained_until_ = requests_.count();
        drain_deadline_ =
            Clock::now() + (options_.can_come_back ? kDrainPatience : kLastDrainPatience);
        set_timer();
    }
}

void VhostUserLink::check(const Result<>& result) {
    if (!result) {
        lose(result.error().message);
    }
}

void VhostUserLink::submit(BlockOperation& operation) {
    requests_.submit(operation);
    loop_->want_turn_end(*this);
}

void VhostUserLink::on_ready() {
    loop_->want_turn_end(*this);
    if (watch_.take_timer()) {
        on_tick();
    }
    if (channel_) {
        check(take_messages());
    }
}

void VhostUserLink::on_turn_end() {
    requests_.finish_turn();
}

void VhostUserLink::on_call() {
    loop_->want_turn_end(*this);
    [[maybe_unused]] const auto count = call_->take();
    check(requests_.reap());
}

Result<> VhostUserLink::take_messages() {
    for (int taken = 0; taken < kMessagesPerTurnMax; ++taken) {
        const auto message = SISKIN_TRY(channel_->receive());
        if (!message) {
            return {};
        }
        SISKIN_TRY(handshake_->on_message(*message));
        SISKIN_TRY(go_on());
    }
    return {};
}

// One deadline for the whole handshake, one for each look at the configuration after it.
Result<> VhostUserLink::go_on() {
    if (state_ == State::Ready) {
        if (!handshake_->is_waiting()) {
            reply_deadline_.reset();
            SISKIN_TRY(check_same_disk(*known_, handshake_->disk(), queue_count_));
            news_->tell_disk(handshake_->disk(), queue_count_);
        }
        return {};
    }
    if (handshake_->state() == Handshake::State::DiskKnown) {
        SISKIN_TRY(set_up());
    }
    return handshake_->state() == Handshake::State::Done ? become_ready() : Result<>();
}

Result<std::uint16_t> VhostUserLink::count_queues(const DiskInfo& disk) const {
    if (!options_.queue_count) {
        return std::min({options_.vcpu_count, disk.queues_max, kQueuesMax});
    }
    if (*options_.queue_count > disk.queues_max) {
        return fail(concat("num-queues is ", *options_.queue_count, ", the back end serves ",
                           disk.queues_max));
    }
    return *options_.queue_count;
}

Result<> VhostUserLink::set_up() {
    const DiskInfo& disk = handshake_->disk();
    if (known_) {
        SISKIN_TRY(check_same_disk(*known_, disk, queue_count_));
    } else {
        queue_count_ = SISKIN_TRY(count_queues(disk));
    }
    rings_ = SISKIN_TRY(RingMemory::create(queue_count_, ring_entries(options_.queue_size)));
    kicks_.clear();
    for (std::uint16_t index = 0; index < queue_count_; ++index) {
        kicks_.push_back(SISKIN_TRY(EventFd::create()));
    }
    call_ = SISKIN_TRY(EventFd::create());
    if (handshake_->has_back_end_requests()) {
        SISKIN_TRY(open_requests_channel());
    }
    return handshake_->set_up(
        HandshakeParts{*options_.memory, *rings_, kicks_, *call_, requests_end_.get()});
}

Result<> VhostUserLink::open_requests_channel() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        return fail_errno("could not create a socket", errno);
    }
    requests_channel_.emplace(Fd(ends[0]));
    requests_end_ = Fd(ends[1]);
    return {};
}

Result<> VhostUserLink::become_ready() {
    requests_end_.reset();
    reply_deadline_.reset();
    if (!known_) {
        known_ = handshake_->disk();
    }
    requests_.begin(rings_->rings(), kicks_,
                    RingRequests::Abilities{known_->can_flush(), known_->can_discard(),
                                            known_->can_write_zeroes()});
    SISKIN_TRY(loop_->add(call_->get(), call_source_));
    state_ = State::Ready;
    listen_to_back_end(true);
    set_timer();
    if (is_noted_) {
        log::line(concat(options_.name, ": a vhost-user back end is there again"));
    }
    is_noted_ = false;
    news_->tell_disk(handshake_->disk(), queue_count_);
    if (listener_ != nullptr) {
        listener_->on_availability_changed();
    }
    return {};
}

// One request a tick: however many it sends, they cost next to nothing.
void VhostUserLink::on_back_end_request() {
    loop_->want_turn_end(*this);
    auto message = requests_channel_->receive();
    if (!message) {
        // It may close this channel and go on.
        listen_to_back_end(false);
        requests_channel_.reset();
    } else if (*message) {
        listen_to_back_end(false);
        check(answer_back_end(**message));
    }
    set_timer();
}

Result<> VhostUserLink::answer_back_end(const VhostUserMessage& message) {
    const bool is_known = message.request == spec::kConfigChanged;
    config_changed_ = config_changed_ || is_known;
    if ((message.flags & spec::kFlagNeedReply) == 0) {
        return {};
    }
    const spec::Number refused{std::uint64_t{is_known ? 0U : 1U}};
    return requests_channel_->send(message.request, spec::kFlagReply,
                                   std::as_bytes(std::span(&refused, 1)));
}

void VhostUserLink::listen_to_back_end(bool on) {
    if (!requests_channel_ || on == is_listening_) {
        return;
    }
    if (on) {
        is_listening_ = loop_->add(requests_channel_->descriptor(), request_source_).has_value();
    } else {
        loop_->remove(requests_channel_->descriptor(), request_source_);
        is_listening_ = false;
    }
}

void VhostUserLink::on_tick() {
    if (state_ == State::Ready) {
        listen_to_back_end(true);
        if (config_changed_ && !handshake_->is_waiting()) {
            config_changed_ = false;
            reply_deadline_ = Clock::now() + kReplyPatience;
            check(handshake_->ask_config());
        }
    }
    check(look_at_deadlines(Clock::now()));
    set_timer();
}

Result<> VhostUserLink::look_at_deadlines(Clock::time_point now) {
    if (drain_deadline_ && !requests_.has_before(drained_until_)) {
        drain_deadline_.reset();
    }
    if (reply_deadline_ && now >= *reply_deadline_) {
        return fail(concat("it did not answer within ", kReplyPatience.count(), " ms"));
    }
    if (drain_deadline_ && now >= *drain_deadline_) {
        return fail("it did not finish its requests in time for a pause or a reset");
    }
    return {};
}

void VhostUserLink::set_timer() {
    const bool is_wanted = reply_deadline_ || drain_deadline_ || config_changed_ ||
                           (state_ == State::Ready && requests_channel_ && !is_listening_);
    watch_.set_timer(is_wanted ? kTick : std::chrono::milliseconds(0));
}

// What it returned is taken before what it did not return is given back to be sent again.
void VhostUserLink::lose(const std::string& reason) {
    if (state_ == State::Down) {
        return;
    }
    if (!is_noted_) {
        log::warning(
            concat(options_.name, ": the vhost-user back end is lost: ", printable(reason)));
    }
    is_noted_ = true;
    if (state_ == State::Ready) {
        [[maybe_unused]] const auto reaped = requests_.reap();
    }
    close();
    news_->tell_lost(reason);
}

void VhostUserLink::close() {
    const bool was_ready = std::exchange(state_, State::Down) == State::Ready;
    if (was_ready) {
        if (listener_ != nullptr) {
            listener_->on_availability_changed();
        }
        requests_.end();
        listen_to_back_end(false);
        loop_->remove(call_->get(), call_source_);
    }
    watch_.forget();
    reply_deadline_.reset();
    drain_deadline_.reset();
    config_changed_ = false;
    handshake_.reset();
    channel_.reset();
    requests_channel_.reset();
    requests_end_.reset();
    rings_.reset();
    kicks_.clear();
    call_.reset();
    set_timer();
}

}  // namespace siskin
