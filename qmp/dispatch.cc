// SPDX-License-Identifier: Apache-2.0
// Between the two threads.
#include "qmp/dispatch.h"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "qmp/command_record.h"

namespace siskin::qmp {
namespace {

constexpr std::string_view kGone = "The client has gone";

}  // namespace

Result<std::unique_ptr<Outbox>> Outbox::create(std::size_t replies_max) {
    static constexpr std::size_t kStops = 1;
    auto mailbox = SISKIN_TRY(Mailbox<Delivery>::create(kEventsWaitingMax + replies_max + kStops));
    return std::unique_ptr<Outbox>(new Outbox(std::move(mailbox)));
}

void Outbox::emit(Event event) {
    const std::string_view name = event.info->name;
    if (events_waiting_.fetch_add(1) < kEventsWaitingMax &&
        mailbox_.post(Delivery{0, std::move(event)})) {
        return;
    }
    events_waiting_.fetch_sub(1);
    lost_.fetch_add(1);
    if (!has_lost_event_.exchange(true)) {
        log::warning(concat("QMP event ", name, " lost: ", kEventsWaitingMax, " are waiting"));
    }
}

void Outbox::post(Delivery delivery) {
    const bool posted = mailbox_.post(std::move(delivery));
    SISKIN_ASSERT(posted);  // the capacity is what create() was told
}

std::optional<Delivery> Outbox::take() {
    auto delivery = mailbox_.take();
    if (delivery && std::holds_alternative<Event>(delivery->content)) {
        events_waiting_.fetch_sub(1);
    }
    return delivery;
}

Result<std::unique_ptr<Dispatcher>> Dispatcher::create(EventLoop& vm_loop, const Handlers& handlers,
                                                       RunUnderLock run_under_lock, Outbox& outbox,
                                                       std::size_t requests_max,
                                                       Descriptors* descriptors) {
    auto inbox = SISKIN_TRY(Mailbox<Submitted>::create(requests_max));
    std::unique_ptr<Dispatcher> self(new Dispatcher(vm_loop, handlers, std::move(run_under_lock),
                                                    outbox, std::move(inbox), descriptors));
    self->watch_ = SISKIN_TRY(vm_loop.watch_readable(self->inbox_.event_fd(),
                                                     [raw = self.get()] { raw->on_readable(); }));
    return self;
}

Dispatcher::Dispatcher(EventLoop& loop, const Handlers& handlers, RunUnderLock run_under_lock,
                       Outbox& outbox, Mailbox<Submitted> inbox, Descriptors* descriptors)
    : loop_(loop),
      handlers_(handlers),
      run_under_lock_(std::move(run_under_lock)),
      outbox_(outbox),
      inbox_(std::move(inbox)),
      descriptors_(descriptors) {}

Dispatcher::~Dispatcher() {
    for (auto& [session, waiting] : waiting_) {
        waiting.desk->answer = nullptr;
    }
}

void Dispatcher::submit(Submitted submitted) {
    const bool posted = inbox_.post(std::move(submitted));
    SISKIN_ASSERT(posted);  // each has at most Conversation::kInFlightMax under way
}

void Dispatcher::on_readable() {
    inbox_.clear_event();
    while (auto submitted = inbox_.take()) {
        take(std::move(*submitted));
    }
}

void Dispatcher::take(Submitted submitted) {
    const auto waiting = waiting_.find(submitted.session);
    if (waiting == waiting_.end()) {
        if (submitted.request) {
            begin(std::move(submitted));
        }
    } else if (submitted.request) {
        waiting->second.behind.push_back(std::move(submitted));
    } else {
        waiting->second.abandoned = true;
        Later(waiting->second.desk).finish(fail(std::string(kGone)));
    }
}

void Dispatcher::begin(Submitted submitted) {
    Request& request = *submitted.request;
    const CommandRow* const row = request.call ? request.call->command : nullptr;
    if (row != nullptr && row->in_session) {
        outbox_.post(
            Delivery{submitted.session,
                     Turn{std::move(request.id), std::move(*request.call), submitted.monitor}});
        return;
    }
    if (request.call && request.call->run_later) {
        run_later(std::move(submitted));
        return;
    }
    const CommandRecord record(submitted.monitor, submitted.session, request);
    Result<std::string> result = run(submitted);
    record.done(result);
    outbox_.post(Delivery{submitted.session, Reply{std::move(request.id), std::move(result)}});
}

void Dispatcher::run_later(Submitted submitted) {
    const SessionId session = submitted.session;
    Request& request = *submitted.request;
    const auto desk = std::make_shared<Later::Desk>();
    waiting_[session].desk = desk;
    desk->answer =
        [this, session, id = request.id,
         record = CommandRecord(submitted.monitor, session, request)](Result<std::string> result) {
            record.done(result);
            outbox_.post(Delivery{session, Reply{id, std::move(result)}});
            // Not here: another command may be under way that led to this answer.
            if (go_on_ == nullptr) {
                go_on_ = loop_.after(std::chrono::milliseconds{0}, [this] { go_on(); });
            }
        };
    run_under_lock_([&] { request.call->run_later(handlers_, Later(desk)); });
    if (submitted.abandoned) {
        Later(desk).finish(fail(std::string(kGone)));
    }
    if (desk->answer == nullptr) {
        waiting_.erase(session);
    }
}

// Those whose command was answered.
void Dispatcher::go_on() {
    go_on_.reset();
    std::deque<Submitted> ready;
    for (auto next = waiting_.begin(); next != waiting_.end();) {
        if (next->second.desk->answer != nullptr) {
            ++next;
            continue;
        }
        for (Submitted& submitted : next->second.behind) {
            submitted.abandoned = submitted.abandoned || next->second.abandoned;
            ready.push_back(std::move(submitted));
        }
        next = waiting_.erase(next);
    }
    for (Submitted& submitted : ready) {
        take(std::move(submitted));
    }
}

Result<std::string> Dispatcher::run(Submitted& submitted) {
    Request& request = *submitted.request;
    if (!request.call) {
        return fail(std::move(request.call).error());
    }
    Result<std::string> result;
    if (descriptors_ != nullptr) {
        descriptors_->begin_command(submitted.monitor, std::move(request.descriptor));
    }
    run_under_lock_([&] { result = request.call->run(handlers_); });
    if (descriptors_ != nullptr) {
        descriptors_->end_command();
    }
    return result;
}

}  // namespace siskin::qmp
