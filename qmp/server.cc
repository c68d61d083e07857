// SPDX-License-Identifier: Apache-2.0
// The QMP thread: endpoints, clients, events.
#include "qmp/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <poll.h>
#include <pthread.h>

#include "base/log.h"
#include "base/text.h"
#include "base/thread_role.h"
#include "base/unix_socket.h"
#include "qmp/command_record.h"
#include "qmp/connecting_endpoint.h"
#include "qmp/connection.h"
#include "qmp/dispatch.h"
#include "qmp/event_throttle.h"
#include "qmp/listening_endpoint.h"
#include "qmp/protocol_handlers.h"
#include "qmp/pty_endpoint.h"
#include "qmp/session.h"
#include "qmp/telnet_conversation.h"

namespace siskin::qmp {
namespace {

constexpr std::size_t kRequestsMax =
    Server::kEndpointsMax * kClientsPerEndpointMax * Conversation::kInFlightMax;
// Besides requests, each client may say once that it has gone, and so may the one before it, which
// was not taken yet.
constexpr std::size_t kSubmittedMax =
    kRequestsMax + 2 * Server::kEndpointsMax * kClientsPerEndpointMax;
// How long the end waits for clients that do not read.
constexpr std::chrono::milliseconds kDrainTimeout{1000};

}  // namespace

class Server::Impl {
public:
    static Result<std::unique_ptr<Impl>> create(std::string package, EventLoop& vm_loop,
                                                const Handlers& handlers,
                                                RunUnderLock run_under_lock,
                                                Subscriptions& subscriptions,
                                                Descriptors* descriptors);
    ~Impl() { drain_and_stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<std::size_t> add(std::unique_ptr<Endpoint> endpoint, EndpointOptions options);
    Result<> start();
    bool wait_for_client(std::size_t index, int interrupt_fd) const;
    EventSink& events() { return *outbox_; }
    void drain_and_stop();

private:
    // An endpoint with what the server knows of it.
    struct Monitor {
        Monitor(MonitorIndex number, std::unique_ptr<Endpoint> where, EndpointOptions how,
                EventFd seen)
            : index(number),
              endpoint(std::move(where)),
              options(std::move(how)),
              client_seen(std::move(seen)) {}

        MonitorIndex index;
        std::unique_ptr<Endpoint> endpoint;
        EndpointOptions options;
        EventFd client_seen;
    };

    Impl(VersionInfo version, const Handlers& handlers, Subscriptions& subscriptions)
        : version_(std::move(version)), handlers_(handlers), subscriptions_(subscriptions) {}
    // All below: the QMP thread.
    Result<> serve(Monitor& monitor, ByteChannel channel);
    std::unique_ptr<Conversation> conversation(const Monitor& monitor, SessionId number,
                                               bool is_network);
    void on_finished(Monitor& monitor, SessionId number);
    void on_outbox();
    void deliver(Delivery delivery);
    Result<std::string> run(MonitorIndex monitor, SessionId session, const std::optional<Value>& id,
                            const CommandCall& call);
    void reply(SessionId session, const Reply& reply);
    void run_in_session(SessionId session, const Turn& turn);
    void deliver_event(const Event& event);
    void set_throttle_timer();
    void on_throttle_timer();
    void drain();
    void stop_when_drained();

    VersionInfo version_;
    const Handlers& handlers_;
    Subscriptions& subscriptions_;
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<Dispatcher> dispatcher_;
    EventLoop loop_;
    std::vector<std::unique_ptr<Monitor>> monitors_;
    std::map<SessionId, std::unique_ptr<Connection>> clients_;
    std::unique_ptr<EventLoop::Watch> outbox_watch_;
    EventThrottle throttle_;
    std::unique_ptr<EventLoop::Watch> throttle_timer_;
    std::unique_ptr<EventLoop::Watch> drain_timer_;
    SessionId last_session_ = 0;
    bool draining_ = false;
    std::thread thread_;
};

Result<std::unique_ptr<Server::Impl>> Server::Impl::create(std::string package, EventLoop& vm_loop,
                                                           const Handlers& handlers,
                                                           RunUnderLock run_under_lock,
                                                           Subscriptions& subscriptions,
                                                           Descriptors* descriptors) {
    std::unique_ptr<Impl> self(new Impl(version_info(package), handlers, subscriptions));
    self->outbox_ = SISKIN_TRY(Outbox::create(kRequestsMax));
    self->dispatcher_ = SISKIN_TRY(Dispatcher::create(vm_loop, handlers, std::move(run_under_lock),
                                                      *self->outbox_, kSubmittedMax, descriptors));
    self->outbox_watch_ = SISKIN_TRY(self->loop_.watch_readable(
        self->outbox_->event_fd(), [raw = self.get()] { raw->on_outbox(); }));
    return self;
}

Result<std::size_t> Server::Impl::add(std::unique_ptr<Endpoint> endpoint, EndpointOptions options) {
    if (monitors_.size() == kEndpointsMax) {
        return fail(concat("more than ", kEndpointsMax, " QMP monitors"));
    }
    monitors_.push_back(std::make_unique<Monitor>(
        monitors_.size(), std::move(endpoint), std::move(options), SISKIN_TRY(EventFd::create())));
    return monitors_.size() - 1;
}

Result<> Server::Impl::start() {
    for (const auto& monitor : monitors_) {
        SISKIN_TRY(monitor->endpoint->start(loop_, [this, raw = monitor.get()](ByteChannel client) {
            return serve(*raw, std::move(client));
        }));
    }
    try {
        thread_ = std::thread([this] {
            qmp_thread.enter();
            ::pthread_setname_np(::pthread_self(), "qmp");
            loop_.run();
        });
    } catch (const std::system_error& error) {  // the limit of threads is reached
        return fail_errno("could not start the QMP thread", error.code().value());
    }
    return {};
}

bool Server::Impl::wait_for_client(std::size_t index, int interrupt_fd) const {
    std::array<pollfd, 2> waits{{
        {monitors_.at(index)->client_seen.get(), POLLIN, 0},
        {interrupt_fd, POLLIN, 0},  // poll(2) passes over a negative descriptor
    }};
    while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {
    }
    return (waits[0].revents & POLLIN) != 0;
}

void Server::Impl::drain_and_stop() {
    if (thread_.joinable()) {
        outbox_->post(Delivery{0, Stop{}});
        thread_.join();
    }
    clients_.clear();
    monitors_.clear();
}

Result<> Server::Impl::serve(Monitor& monitor, ByteChannel channel) {
    const SessionId number = ++last_session_;
    const bool is_network = channel.is_network();
    auto connection = SISKIN_TRY(Connection::create(
        std::move(channel), loop_, conversation(monitor, number, is_network),
        [this, &monitor, number] { on_finished(monitor, number); },
        [this, number] { dispatcher_->client_gone(number); }));
    monitor.client_seen.signal();
    clients_.emplace(number, std::move(connection)).first->second->start();
    return {};
}

std::unique_ptr<Conversation> Server::Impl::conversation(const Monitor& monitor, SessionId number,
                                                         bool is_network) {
    Outlet outlet{
        [this, number, index = monitor.index](Request request) {
            dispatcher_->submit(Submitted{number, std::move(request), index});
        },
        [this, number, index = monitor.index](const std::optional<Value>& id,
                                              const CommandCall& call) {
            return run(index, number, id, call);
        },
    };
    std::unique_ptr<Conversation> spoken =
        monitor.options.conversation
            ? monitor.options.conversation(std::move(outlet), is_network)
            : std::make_unique<Session>(
                  version_, command_table(), std::move(outlet),
                  SessionOptions{monitor.options.pretty, is_network, monitor.options.role,
                                 monitor.options.message_size_max});
    if (monitor.options.telnet) {
        return std::make_unique<TelnetConversation>(std::move(spoken), *monitor.options.telnet);
    }
    return spoken;
}

void Server::Impl::on_finished(Monitor& monitor, SessionId number) {
    subscriptions_.forget(number);
    // First: a terminal is emptied before its client's descriptors are gone.
    monitor.endpoint->on_client_gone();
    clients_.erase(number);
    if (draining_) {
        stop_when_drained();
    }
}

void Server::Impl::on_outbox() {
    outbox_->clear_event();
    while (auto delivery = outbox_->take()) {
        deliver(std::move(*delivery));
    }
}

void Server::Impl::deliver(Delivery delivery) {
    if (auto* const event = std::get_if<Event>(&delivery.content)) {
        if (const auto passed = throttle_.offer(std::move(*event), EventThrottle::Clock::now())) {
            deliver_event(*passed);
        }
        set_throttle_timer();
    } else if (const auto* const answer = std::get_if<Reply>(&delivery.content)) {
        reply(delivery.session, *answer);
    } else if (const auto* const turn = std::get_if<Turn>(&delivery.content)) {
        run_in_session(delivery.session, *turn);
    } else {
        drain();
    }
}

Result<std::string> Server::Impl::run(MonitorIndex monitor, SessionId session,
                                      const std::optional<Value>& id, const CommandCall& call) {
    const CommandRecord record(monitor, session, id, call.command->name);
    Result<std::string> result = call.run(handlers_);
    record.done(result);
    return result;
}

void Server::Impl::reply(SessionId session, const Reply& reply) {
    const auto client = clients_.find(session);
    if (client != clients_.end()) {
        client->second->reply(reply);
    }
}

void Server::Impl::run_in_session(SessionId session, const Turn& turn) {
    if (!clients_.contains(session)) {
        return;  // gone while the command waited
    }
    subscriptions_.begin_command(session);
    reply(session, Reply{turn.id, run(turn.monitor, session, turn.id, turn.call)});
    for (const std::string& line : subscriptions_.take_replay()) {
        const auto client = clients_.find(session);
        if (client != clients_.end()) {
            client->second->send_replay(line);
        }
    }
}

void Server::Impl::deliver_event(const Event& event) {
    subscriptions_.add(event, outbox_->take_lost());
    // A client may go while it is told; the iterator is past it by then.
    for (auto next = clients_.begin(); next != clients_.end();) {
        const auto& [session, client] = *next++;
        if (const auto line = subscriptions_.line_for(session)) {
            client->send_event(*line);
        }
    }
}

void Server::Impl::set_throttle_timer() {
    const auto deadline = throttle_.deadline();
    if (!deadline || throttle_timer_ != nullptr) {
        return;  // a timer that is set ends no later: deadlines only move on
    }
    const auto delay = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(*deadline - EventThrottle::Clock::now(), EventThrottle::Clock::duration::zero()));
    throttle_timer_ = loop_.after(delay, [this] { on_throttle_timer(); });
}

void Server::Impl::on_throttle_timer() {
    throttle_timer_.reset();
    for (const Event& event : throttle_.expire(EventThrottle::Clock::now())) {
        deliver_event(event);
    }
    set_throttle_timer();
}

void Server::Impl::drain() {
    draining_ = true;
    drain_timer_ = loop_.after(kDrainTimeout, [this] { loop_.stop(); });
    for (const auto& monitor : monitors_) {
        monitor->endpoint->stop();
    }
    for (auto next = clients_.begin(); next != clients_.end();) {
        (next++)->second->drain();
    }
    stop_when_drained();
}

void Server::Impl::stop_when_drained() {
    if (clients_.empty()) {
        loop_.stop();
    }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::create(std::string package, EventLoop& vm_loop,
                                               const Handlers& handlers,
                                               RunUnderLock run_under_lock,
                                               Subscriptions& subscriptions,
                                               Descriptors* descriptors) {
    return std::unique_ptr<Server>(new Server(
        SISKIN_TRY(Impl::create(std::move(package), vm_loop, handlers, std::move(run_under_lock),
                                subscriptions, descriptors))));
}

Result<std::size_t> Server::listen_unix(const std::string& path, EndpointOptions options) {
    return listen_on(SISKIN_TRY(UnixListener::listen(path)), std::move(options));
}
Result<std::size_t> Server::listen_on(Fd listening, EndpointOptions options) {
    return listen_on(SISKIN_TRY(UnixListener::adopt(std::move(listening))), std::move(options));
}
Result<std::size_t> Server::listen_on(UnixListener listener, EndpointOptions options) {
    auto endpoint = std::make_unique<ListeningEndpoint>(std::move(listener), options.clients_max);
    return impl_->add(std::move(endpoint), std::move(options));
}
Result<std::size_t> Server::keep_connected(std::vector<siskin::SocketAddress> addresses,
                                           std::chrono::milliseconds pause,
                                           EndpointOptions options) {
    return impl_->add(std::make_unique<ReconnectingEndpoint>(std::move(addresses), pause),
                      std::move(options));
}
Result<std::size_t> Server::serve_once(ByteChannel client, EndpointOptions options) {
    return impl_->add(std::make_unique<SingleEndpoint>(std::move(client)), std::move(options));
}
Result<std::size_t> Server::serve_terminal(PseudoTerminal terminal, EndpointOptions options) {
    return impl_->add(SISKIN_TRY(PtyEndpoint::create(std::move(terminal))), std::move(options));
}
Result<> Server::start() {
    return impl_->start();
}
bool Server::wait_for_client(std::size_t endpoint, int interrupt_fd) {
    return impl_->wait_for_client(endpoint, interrupt_fd);
}
EventSink& Server::events() {
    return impl_->events();
}
void Server::drain_and_stop() {
    impl_->drain_and_stop();
}

}  // namespace siskin::qmp
