// SPDX-License-Identifier: Apache-2.0
// Proves vmm/hmp/human_conversation.
#include "vmm/hmp/human_conversation.h"

#include <doctest/doctest.h>

#include <vector>

#include <fcntl.h>

#include "tests/qmp/fake_machine.h"

namespace siskin::hmp {
namespace {

struct Bench {
    explicit Bench(bool is_network = false)
        : talk(interpreter,
               {[this](qmp::Request request) { waiting.push_back(std::move(request)); },
                [](const auto&, const qmp::CommandCall&) -> Result<std::string> {
                    return std::string();
                }},
               is_network) {}

    std::string take() {
        const std::string text(talk.output());
        talk.sent(text.size());
        return text;
    }
    // The VM thread's part: runs what waits and brings the answer back.
    void answer() {
        qmp::Request request = std::move(waiting.back());
        waiting.pop_back();
        talk.reply(qmp::Reply{std::nullopt, request.call->run(machine.handlers())});
    }

    qmp_test::FakeMachine machine;
    Interpreter interpreter{machine.services()};
    std::vector<qmp::Request> waiting;
    HumanConversation talk;
};

}  // namespace

TEST_SUITE("vmm/hmp/human_conversation") {
    TEST_CASE("a line is a request, and its answer is text with the next prompt") {
        Bench bench;
        CHECK(bench.take().ends_with("(qemu) "));

        CHECK(bench.talk.receive("info status\r") == 12);
        CHECK(bench.talk.in_flight() == 1);
        CHECK_FALSE(bench.talk.may_receive());
        REQUIRE(bench.waiting.size() == 1);
        bench.take();
        bench.answer();

        CHECK(bench.take() == "VM status: paused (prelaunch)\r\n(qemu) ");
        CHECK(bench.talk.in_flight() == 0);
    }

    TEST_CASE("what one monitor chose it still has at the next line") {
        Bench bench;
        bench.talk.receive("print/x 10\r");
        bench.answer();
        bench.take();

        bench.talk.receive("print 11\r");
        bench.answer();

        CHECK(bench.take().find("0xb\r\n") != std::string::npos);
    }

    TEST_CASE("what a web page can have a browser send executes nothing and ends it (Q13)") {
        const std::string long_path(5000, 'a');  // longer than a line
        for (const std::string& begin :
             {std::string("POST / HTTP/1.1\r\n\r\n"), "GET /" + long_path + " HTTP/1.1\r\n\r\n",
              std::string("\r\n POST / HTTP/1.1\r\n"), std::string("\x16\x03\x01\n"),
              std::string("\xff\n")}) {
            CAPTURE(begin);
            Bench bench(true);

            bench.talk.receive(begin + "quit\r\n");

            CHECK(bench.talk.is_over());
            CHECK(bench.talk.in_flight() == 0);
            CHECK(bench.waiting.empty());
        }
    }

    TEST_CASE("a person over IP may begin with white space, and with any key on a terminal") {
        Bench over_ip(true);
        over_ip.talk.receive("\r\n");
        over_ip.talk.receive("  ?\r");
        Bench terminal;
        terminal.talk.receive("\x1b[Astop\r");

        CHECK_FALSE(over_ip.talk.is_over());
        CHECK(over_ip.waiting.size() == 1);
        CHECK_FALSE(terminal.talk.is_over());
        CHECK(terminal.waiting.size() == 1);
    }

    TEST_CASE(
        "what is passed along waits for getfd, which takes the first; others are closed (Q09)") {
        Bench bench;
        std::vector<Fd> passed;
        passed.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        passed.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        const int first = passed[0].get();
        const int second = passed[1].get();

        bench.talk.receive_descriptors(std::move(passed));
        bench.talk.receive("info name\r");
        CHECK_FALSE(bench.waiting.back().descriptor.valid());
        bench.answer();
        bench.talk.receive("getfd a\r");

        CHECK(bench.waiting.back().descriptor.get() == first);
        CHECK(::fcntl(second, F_GETFD) == -1);
        bench.answer();
        bench.talk.receive("getfd b\r");
        CHECK_FALSE(bench.waiting.back().descriptor.valid());
    }

    TEST_CASE("events do not disturb people") {
        Bench bench;
        bench.take();

        CHECK(bench.talk.send_event("{}"));

        CHECK(bench.take().empty());
    }
}

}  // namespace siskin::hmp
