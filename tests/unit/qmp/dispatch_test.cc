// SPDX-License-Identifier: Apache-2.0
// Proves qmp/dispatch: what runs on the VM loop, under the lock, and in which order it comes back.
#include "qmp/dispatch.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "qmp/generated/commands.h"
#include "tests/qmp/fake_machine.h"

using siskin::EventLoop;
using siskin::fail;
using siskin::Result;
using siskin::Value;
using siskin::qmp::check_command_object;
using siskin::qmp::command_table;
using siskin::qmp::decode_call;
using siskin::qmp::Delivery;
using siskin::qmp::Dispatcher;
using siskin::qmp::Event;
using siskin::qmp::EventRow;
using siskin::qmp::Outbox;
using siskin::qmp::Reply;
using siskin::qmp::Request;
using siskin::qmp::Submitted;
using siskin::qmp_test::FakeMachine;

namespace {

Request request(const std::string& command, int id, Value::Dict arguments = {}) {
    return {Value(id), decode_call({command, false, Value(std::move(arguments))}, command_table())};
}

// One that the machine answers when the test says so.
Request waiting_request(int id) {
    return request("device_add", id, {{"driver", "later"}});
}

// A dispatcher whose VM loop the test turns.
struct Bench {
    Bench() {
        machine.raise_into(*outbox);
        dispatcher = std::move(*Dispatcher::create(
            loop, handlers,
            [this](const std::function<void()>& work) {
                ++locked;
                work();
            },
            *outbox, 8));
    }
    // "STOP", "reply 1 {}", "reply 2 error", in the order they came.
    std::vector<std::string> turn() {
        loop.run_ready();
        std::vector<std::string> out;
        while (const auto delivery = outbox->take()) {
            const auto* const event = std::get_if<Event>(&delivery->content);
            const auto* const reply = std::get_if<Reply>(&delivery->content);
            out.push_back(event != nullptr ? std::string(event->info->name)
                                           : "reply " + std::to_string(*reply->id->as_int()) + ' ' +
                                                 reply->result.value_or("error"));
        }
        return out;
    }

    EventLoop loop;
    FakeMachine machine;
    siskin::qmp::Handlers handlers = machine.handlers();
    std::unique_ptr<Outbox> outbox = std::move(*Outbox::create(8));
    std::unique_ptr<Dispatcher> dispatcher;
    int locked = 0;
};

using Texts = std::vector<std::string>;
constexpr EventRow kRow{"STOP", std::chrono::milliseconds{0}};

}  // namespace

TEST_SUITE("qmp/dispatch") {
    TEST_CASE("nothing runs before the VM loop turns") {
        Bench bench;
        bench.dispatcher->submit({1, request("cont", 1)});

        CHECK(bench.machine.calls().empty());
        CHECK(bench.turn() == Texts{"RESUME", "reply 1 {}"});
    }

    TEST_CASE("the event of a command comes before its reply, replies keep their order") {
        Bench bench;
        bench.dispatcher->submit({1, request("cont", 1)});
        bench.dispatcher->submit({1, Request{Value(2), fail("no such thing")}});
        bench.dispatcher->submit({2, request("stop", 3)});

        CHECK(bench.turn() == Texts{"RESUME", "reply 1 {}", "reply 2 error", "STOP", "reply 3 {}"});
    }

    TEST_CASE("handlers run under the caller's lock, errors of form need none") {
        Bench bench;
        bench.dispatcher->submit({1, Request{Value(1), fail("bad")}});
        bench.turn();
        CHECK(bench.locked == 0);

        bench.dispatcher->submit({1, request("stop", 2)});
        bench.turn();
        CHECK(bench.locked == 1);
    }

    TEST_CASE("a command that waits holds up its own client's next ones, and nobody else's") {
        Bench bench;
        bench.dispatcher->submit({1, waiting_request(1)});
        bench.dispatcher->submit({1, request("cont", 2)});
        bench.dispatcher->submit({2, request("query-name", 3)});
        CHECK(bench.turn() == Texts{"reply 3 {}"});
        REQUIRE(bench.machine.lingering.size() == 1);
        CHECK(bench.machine.lingering.front().is_wanted());
        bench.dispatcher->submit({1, request("query-name", 4)});
        CHECK(bench.turn().empty());

        bench.machine.lingering.front().finish({});
        bench.machine.lingering.front().finish(fail("once only"));

        CHECK_FALSE(bench.machine.lingering.front().is_wanted());
        CHECK(bench.turn() == Texts{"reply 1 {}", "RESUME", "reply 2 {}", "reply 4 {}"});
    }

    TEST_CASE("of two that wait the second begins when the first is answered") {
        Bench bench;
        bench.dispatcher->submit({1, waiting_request(1)});
        bench.dispatcher->submit({1, waiting_request(2)});
        bench.dispatcher->submit({1, request("query-name", 3)});
        bench.turn();
        REQUIRE(bench.machine.lingering.size() == 1);

        bench.machine.lingering[0].finish(fail("too late"));
        CHECK(bench.turn() == Texts{"reply 1 error"});
        REQUIRE(bench.machine.lingering.size() == 2);
        bench.machine.lingering[1].finish({});
        CHECK(bench.turn() == Texts{"reply 2 {}", "reply 3 {}"});
    }

    TEST_CASE("a client that goes ends its wait, not the commands behind it") {
        Bench bench;
        bench.dispatcher->submit({1, waiting_request(1)});
        bench.dispatcher->submit({1, request("cont", 2)});
        bench.dispatcher->submit({1, waiting_request(3)});
        bench.dispatcher->submit({1, request("stop", 4)});
        bench.dispatcher->submit({2, waiting_request(5)});
        bench.turn();

        bench.dispatcher->client_gone(1);
        bench.dispatcher->client_gone(7);

        CHECK(bench.turn() == Texts{"reply 1 error", "RESUME", "reply 2 {}", "reply 3 error",
                                    "STOP", "reply 4 {}"});
        REQUIRE(bench.machine.lingering.size() == 3);
        CHECK_FALSE(bench.machine.lingering[0].is_wanted());
        CHECK(bench.machine.lingering[1].is_wanted());
        CHECK_FALSE(bench.machine.lingering[2].is_wanted());
    }

    TEST_CASE("an answer that comes after the server has no effect") {
        Bench bench;
        bench.dispatcher->submit({1, waiting_request(1)});
        bench.turn();

        bench.dispatcher.reset();

        CHECK_FALSE(bench.machine.lingering.front().is_wanted());
        bench.machine.lingering.front().finish({});
        CHECK(bench.turn().empty());
    }

    TEST_CASE("a flood of events costs events, never a reply (Q10)") {
        Bench bench;
        for (std::size_t number = 0; number < Outbox::kEventsWaitingMax + 100; ++number) {
            bench.outbox->emit(Event{&kRow, {}, {}, 0, 0});
        }
        bench.dispatcher->submit({1, request("query-name", 7)});
        const Texts out = bench.turn();

        CHECK(out.size() == Outbox::kEventsWaitingMax + 1);
        CHECK(out.back() == "reply 7 {}");
        bench.outbox->emit(Event{&kRow, {}, {}, 0, 0});
        CHECK(bench.turn() == Texts{"STOP"});
    }
}
