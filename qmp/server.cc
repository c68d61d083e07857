// SPDX-License-Identifier: Apache-2.0
// The QMP thread: listeners, connections, events.
#include "qmp/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
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
#include "qmp/connection.h"
#include "qmp/dispatch.h"
#include "qmp/event_throttle.h"
#include "qmp/protocol_handlers.h"

namespace siskin::qmp {
namespace {

constexpr std::size_t kRequestsMax = Server::kListenersMax * Session::kInFlightMax;
// How long accepting rests when the host has no descriptor or memory for one more.
constexpr std::chrono::milliseconds kAcceptRest{1000};
// How long the end waits for clients that do not read.
constexpr std::chrono::milliseconds kDrainTimeout{1000};

}  // namespace

class Server::Impl {
public:
    static Result<std::unique_ptr<Impl>> create(std::string package, EventLoop& vm_loop,
                                                const Handlers& handlers,
                                                RunUnderLock run_under_lock);
    ~Impl() { drain_and_stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<std::size_t> add(UnixListener socket);
    Result<> start();
    bool wait_for_client(std::size_t index, int interrupt_fd) const;
    EventSink& events() { return *outbox_; }
    void drain_and_stop();

private:
    // A listening socket and the one client it serves.
    struct Listener {
        Listener(UnixListener listening, EventFd seen)
            : socket(std::move(listening)), client_seen(std::move(seen)) {}

        UnixListener socket;
        EventFd client_seen;
        std::unique_ptr<EventLoop::Watch> accept_watch;
        std::unique_ptr<EventLoop::Watch> rest_timer;
        SessionId session = 0;
        std::unique_ptr<Connection> connection;
    };

    Impl(VersionInfo version, const Handlers& handlers)
        : version_(std::move(version)), handlers_(handlers) {}
    // All below: the QMP thread.
    void on_client(Listener& listener);
    Result<> serve(Listener& listener, Fd client);
    void on_finished(Listener& listener);
    void rest(Listener& listener);
    void on_outbox();
    void deliver(Delivery delivery);
    void deliver_event(const Event& event);
    void set_throttle_timer();
    void on_throttle_timer();
    void drain();
    void stop_when_drained();

    VersionInfo version_;
    const Handlers& handlers_;
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<Dispatcher> dispatcher_;
    EventLoop loop_;
    std::vector<std::unique_ptr<Listener>> listeners_;
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
                                                           RunUnderLock run_under_lock) {
    std::unique_ptr<Impl> self(new Impl(version_info(package), handlers));
    self->outbox_ = SISKIN_TRY(Outbox::create(kRequestsMax));
    self->dispatcher_ = SISKIN_TRY(Dispatcher::create(vm_loop, handlers, std::move(run_under_lock),
                                                      *self->outbox_, kRequestsMax));
    self->outbox_watch_ = SISKIN_TRY(self->loop_.watch_readable(
        self->outbox_->event_fd(), [raw = self.get()] { raw->on_outbox(); }));
    return self;
}

Result<std::size_t> Server::Impl::add(UnixListener socket) {
    if (listeners_.size() == kListenersMax) {
        return fail(concat("more than ", kListenersMax, " QMP monitors"));
    }
    auto listener = std::make_unique<Listener>(std::move(socket), SISKIN_TRY(EventFd::create()));
    listeners_.push_back(std::move(listener));
    return listeners_.size() - 1;
}

Result<> Server::Impl::start() {
    for (const auto& listener : listeners_) {
        listener->accept_watch = SISKIN_TRY(loop_.watch_readable(
            listener->socket.get(), [this, raw = listener.get()] { on_client(*raw); }));
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
        {listeners_.at(index)->client_seen.get(), POLLIN, 0},
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
    listeners_.clear();
}

void Server::Impl::on_client(Listener& listener) {
    Fd client = listener.socket.accept();
    if (!client.valid()) {
        const bool is_short =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (is_short) {
            rest(listener);
        }
        return;  // else the client has gone again
    }
    if (const auto served = serve(listener, std::move(client)); !served) {
        log::warning(concat("a QMP client could not be served: ", served.error().message));
        rest(listener);
    }
}

// The listener's one client from now on.
Result<> Server::Impl::serve(Listener& listener, Fd client) {
    const SessionId number = ++last_session_;
    Session::Outlet outlet{
        [this, number](Request request) {
            dispatcher_->submit(Submitted{number, std::move(request)});
        },
        [this](const CommandCall& call) { return call.run(handlers_); },
    };
    auto session = std::make_unique<Session>(version_, command_table(), std::move(outlet));
    listener.connection =
        SISKIN_TRY(Connection::create(std::move(client), loop_, std::move(session),
                                      [this, &listener] { on_finished(listener); }));
    listener.session = number;
    listener.accept_watch->pause();
    listener.client_seen.signal();
    listener.connection->start();
    return {};
}

void Server::Impl::on_finished(Listener& listener) {
    listener.connection.reset();
    listener.session = 0;
    if (draining_) {
        stop_when_drained();
    } else {
        listener.accept_watch->resume();
    }
}

void Server::Impl::rest(Listener& listener) {
    listener.accept_watch->pause();
    listener.rest_timer =
        loop_.after(kAcceptRest, [raw = &listener] { raw->accept_watch->resume(); });
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
    } else if (const auto* const reply = std::get_if<Reply>(&delivery.content)) {
        const auto found = std::find_if(
            listeners_.begin(), listeners_.end(),
            [&](const auto& listener) { return listener->session == delivery.session; });
        if (found != listeners_.end()) {
            (*found)->connection->reply(*reply);
        }
    } else {
        drain();
    }
}

void Server::Impl::deliver_event(const Event& event) {
    const std::string line = event_line(event);
    for (const auto& listener : listeners_) {
        if (listener->connection != nullptr) {
            listener->connection->send_event(line);
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
    for (const auto& listener : listeners_) {
        listener->accept_watch.reset();
        listener->rest_timer.reset();
    }
    for (const auto& listener : listeners_) {
        if (listener->connection != nullptr) {
            listener->connection->drain();
        }
    }
    stop_when_drained();
}

void Server::Impl::stop_when_drained() {
    if (std::all_of(listeners_.begin(), listeners_.end(),
                    [](const auto& listener) { return listener->connection == nullptr; })) {
        loop_.stop();
    }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::create(std::string package, EventLoop& vm_loop,
                                               const Handlers& handlers,
                                               RunUnderLock run_under_lock) {
    return std::unique_ptr<Server>(new Server(SISKIN_TRY(
        Impl::create(std::move(package), vm_loop, handlers, std::move(run_under_lock)))));
}

Result<std::size_t> Server::listen_unix(const std::string& path) {
    return impl_->add(SISKIN_TRY(UnixListener::listen(path)));
}
Result<std::size_t> Server::listen_on(Fd listening) {
    return impl_->add(SISKIN_TRY(UnixListener::adopt(std::move(listening))));
}
Result<> Server::start() {
    return impl_->start();
}
bool Server::wait_for_client(std::size_t listener, int interrupt_fd) {
    return impl_->wait_for_client(listener, interrupt_fd);
}
EventSink& Server::events() {
    return impl_->events();
}
void Server::drain_and_stop() {
    impl_->drain_and_stop();
}

}  // namespace siskin::qmp
