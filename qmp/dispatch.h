// SPDX-License-Identifier: Apache-2.0
// Runs requests on the VM thread and sends replies and events back to the QMP thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "base/loop/event_loop.h"
#include "base/loop/mailbox.h"
#include "base/result.h"
#include "qmp/command.h"
#include "qmp/conversation.h"
#include "qmp/descriptors.h"
#include "qmp/event.h"
#include "qmp/request.h"
#include "qmp/subscriptions.h"

namespace siskin::qmp {

// From the QMP thread to the VM thread.
struct Submitted {
    SessionId session = 0;
    std::optional<Request> request;  // nothing: the client has gone
    MonitorIndex monitor = 0;
    bool abandoned = false;  // by a client that went meanwhile: it waits for nothing
};

// From the VM thread (events: any thread) to the QMP thread, in the order of posting.
struct Stop {};
// The turn of a command of the session itself: what was asked before it has been answered.
struct Turn {
    std::optional<Value> id;
    CommandCall call;
    MonitorIndex monitor = 0;
};
struct Delivery {
    SessionId session = 0;  // of a reply or turn
    std::variant<Stop, Reply, Turn, Event> content;
};

// What waits for the QMP thread. Events are lost rather than replies: the last places are kept.
class Outbox final : public EventSink {
public:
    static constexpr std::size_t kEventsWaitingMax = 1024;

    // `replies_max`: the most replies that ever wait at a time.
    [[nodiscard]] static Result<std::unique_ptr<Outbox>> create(std::size_t replies_max);

    // Any thread. An event too many is dropped; the log tells of the first.
    void emit(Event event) override;
    // The VM thread.
    void post(Delivery delivery);

    // The QMP thread.
    [[nodiscard]] int event_fd() const { return mailbox_.event_fd(); }
    void clear_event() const { mailbox_.clear_event(); }
    [[nodiscard]] std::optional<Delivery> take();
    // How many events were dropped since the last call.
    [[nodiscard]] std::uint64_t take_lost() { return lost_.exchange(0); }

private:
    explicit Outbox(Mailbox<Delivery> mailbox) : mailbox_(std::move(mailbox)) {}

    Mailbox<Delivery> mailbox_;
    std::atomic<std::size_t> events_waiting_{0};
    std::atomic<std::uint64_t> lost_{0};
    std::atomic<bool> has_lost_event_{false};
};

// While a command of a client waits (Later), that client's next ones wait behind it, so that
// replies keep their order; other clients do not notice. Thread: VM loop, but for submit() and
// client_gone().
class Dispatcher {
public:
    using RunUnderLock = std::function<void(const std::function<void()>& work)>;

    // All but `run_under_lock` outlive the dispatcher. `requests_max`: the most that wait, clients
    // that have gone included.
    // `descriptors` gets what clients pass along; without it that is closed.
    [[nodiscard]] static Result<std::unique_ptr<Dispatcher>> create(
        EventLoop& vm_loop, const Handlers& handlers, RunUnderLock run_under_lock, Outbox& outbox,
        std::size_t requests_max, Descriptors* descriptors = nullptr);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    // The QMP thread.
    void submit(Submitted submitted);
    // A client that has requests under way will read no reply, at most once each: if a command of
    // its waits, that has an end. What it waited for goes on, and so do the commands behind it.
    void client_gone(SessionId session) { submit(Submitted{session, std::nullopt}); }

private:
    Dispatcher(EventLoop& loop, const Handlers& handlers, RunUnderLock run_under_lock,
               Outbox& outbox, Mailbox<Submitted> inbox, Descriptors* descriptors);
    void on_readable();
    void take(Submitted submitted);
    void begin(Submitted submitted);
    Result<std::string> run(Submitted& submitted);
    void run_later(Submitted submitted);
    void go_on();

    // A client's command that waits, and what came after it.
    struct Waiting {
        std::shared_ptr<Later::Desk> desk;
        std::deque<Submitted> behind;
        bool abandoned = false;
    };

    EventLoop& loop_;
    const Handlers& handlers_;
    RunUnderLock run_under_lock_;
    Outbox& outbox_;
    Mailbox<Submitted> inbox_;
    Descriptors* descriptors_;
    std::map<SessionId, Waiting> waiting_;
    std::unique_ptr<EventLoop::Watch> go_on_;  // in the loop's next turn
    std::unique_ptr<EventLoop::Watch> watch_;
};

}  // namespace siskin::qmp
