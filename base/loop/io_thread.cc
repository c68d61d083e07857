// SPDX-License-Identifier: Apache-2.0
// IoThread.
#include "base/loop/io_thread.h"

#include <future>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin {

Result<std::unique_ptr<IoThread>> IoThread::create(std::string name) {
    auto loop = SISKIN_TRY(IoLoop::create());
    auto mailbox = SISKIN_TRY(Mailbox<Work>::create(kPostedMax));
    std::unique_ptr<IoThread> self(
        new IoThread(std::move(name), std::move(loop), std::move(mailbox)));
    SISKIN_TRY(self->loop_.add(self->mailbox_.event_fd(), *self));
    std::promise<void> started;
    try {
        self->thread_ = std::thread([&started, raw = self.get()] {
            raw->thread_id_.store(::gettid());
            ::pthread_setname_np(::pthread_self(), raw->name_.substr(0, 15).c_str());
            started.set_value();
            raw->main();
        });
    } catch (const std::system_error& error) {  // the limit of threads is reached
        return fail_errno(concat("could not start thread '", self->name_, "'"),
                          error.code().value());
    }
    started.get_future().wait();
    return self;
}

IoThread::IoThread(std::string name, IoLoop loop, Mailbox<Work> mailbox)
    : name_(std::move(name)), loop_(std::move(loop)), mailbox_(std::move(mailbox)) {}

IoThread::~IoThread() {
    if (thread_.joinable()) {
        post([this](IoLoop&) { stopping_ = true; });
        thread_.join();
    }
}

void IoThread::post(Work work) {
    // A full mailbox means kPostedMax control actions wait, each done within one turn: let it run.
    while (!mailbox_.post(std::move(work))) {
        std::this_thread::yield();
    }
}

void IoThread::run_and_wait(Work work) {
    std::promise<void> done;
    post([&](IoLoop& loop) {
        work(loop);
        done.set_value();
    });
    done.get_future().wait();
}

void IoThread::on_ready() {
    mailbox_.clear_event();
    while (auto work = mailbox_.take()) {
        (*work)(loop_);
    }
}

void IoThread::main() {
    while (!stopping_) {
        loop_.run_one_turn();
    }
}

}  // namespace siskin
