// SPDX-License-Identifier: Apache-2.0
// Between the two threads.
#include "qmp/dispatch.h"

#include <string>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "qmp/command_record.h"

namespace siskin::qmp {

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
    std::unique_ptr<Dispatcher> self(
        new Dispatcher(handlers, std::move(run_under_lock), outbox, std::move(inbox), descriptors));
    self->watch_ = SISKIN_TRY(vm_loop.watch_readable(self->inbox_.event_fd(),
                                                     [raw = self.get()] { raw->on_readable(); }));
    return self;
}

Dispatcher::Dispatcher(const Handlers& handlers, RunUnderLock run_under_lock, Outbox& outbox,
                       Mailbox<Submitted> inbox, Descriptors* descriptors)
    : handlers_(handlers),
      run_under_lock_(std::move(run_under_lock)),
      outbox_(outbox),
      inbox_(std::move(inbox)),
      descriptors_(descriptors) {}

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
    Request& request = submitted.request;
    const CommandRow* const row = request.call ? request.call->command : nullptr;
    if (row != nullptr && row->in_session) {
        outbox_.post(
            Delivery{submitted.session,
                     Turn{std::move(request.id), std::move(*request.call), submitted.monitor}});
        return;
    }
    const CommandRecord record(submitted.monitor, submitted.session, request);
    Result<std::string> result = run(submitted);
    record.done(result);
    outbox_.post(Delivery{submitted.session, Reply{std::move(request.id), std::move(result)}});
}

Result<std::string> Dispatcher::run(Submitted& submitted) {
    Request& request = submitted.request;
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
