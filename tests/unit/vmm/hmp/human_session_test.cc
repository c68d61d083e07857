// SPDX-License-Identifier: Apache-2.0
// A person's conversation, byte by byte.
#include "vmm/hmp/human_session.h"

#include <doctest/doctest.h>

#include "vmm/hmp/command_table.h"

namespace siskin::hmp {
namespace {

struct Conversation {
    std::string take() {
        const std::string text(session.output());
        session.sent(text.size());
        return text;
    }

    std::vector<std::string> submitted;
    HumanSession session{
        "7.2.0", {[this](std::string line) { submitted.push_back(std::move(line)); }, completions}};
};

}  // namespace

TEST_SUITE("vmm/hmp/human_session") {
    TEST_CASE("the greeting and a prompt come first") {
        Conversation talk;

        CHECK(talk.take() == "QEMU 7.2.0 monitor - type 'help' for more information\r\n(qemu) ");
    }

    TEST_CASE("a line is handed on, and its answer comes before the next prompt") {
        Conversation talk;
        talk.take();

        CHECK(talk.session.receive("stop\r") == 5);
        CHECK(talk.submitted == std::vector<std::string>{"stop"});
        CHECK(talk.take() == "stop\x1b[K\r\n");
        talk.session.reply("done\r\n");

        CHECK(talk.take() == "done\r\n(qemu) ");
    }

    TEST_CASE("while a line runs nothing more is taken") {
        Conversation talk;

        CHECK(talk.session.receive("stop\rcont\r") == 5);
        CHECK_FALSE(talk.session.may_receive());
        CHECK(talk.session.in_flight() == 1);
        CHECK(talk.session.receive("cont\r") == 0);
        talk.session.reply("");
        CHECK(talk.session.in_flight() == 0);
        CHECK(talk.session.receive("cont\r") == 5);

        CHECK(talk.submitted == std::vector<std::string>{"stop", "cont"});
    }

    TEST_CASE("a blank line is a new prompt and no command") {
        Conversation talk;
        talk.take();

        CHECK(talk.session.receive("\r  \r\n") == 5);

        CHECK(talk.take() == "\r\n(qemu)   \x1b[K\r\n(qemu) ");
        CHECK(talk.submitted.empty());
    }

    TEST_CASE("any chunking gives the same lines") {
        constexpr std::string_view kKeys =
            "inxx\x7f\x7f"
            "fo statu\x1b[D\x1b[C\tq\x17\x17"
            "status\r";
        Conversation whole;
        Conversation bytewise;

        CHECK(whole.session.receive(kKeys) == kKeys.size());
        for (const char key : kKeys) {
            CHECK(bytewise.session.receive(std::string_view(&key, 1)) == 1);
        }

        CHECK(whole.submitted == std::vector<std::string>{"info status"});
        CHECK(bytewise.submitted == whole.submitted);
    }

    TEST_CASE("TAB completes from the command table") {
        Conversation talk;
        talk.take();

        talk.session.receive("system_r\t");

        CHECK(talk.take() == "system_reset \x1b[K");
    }

    TEST_CASE("a client that does not read is no longer read from") {
        Conversation talk;
        const std::string tabs(std::size_t{1} << 16U, '\t');

        std::size_t taken = 0;
        for (int chunk = 0; chunk < 64; ++chunk) {
            taken += talk.session.receive(tabs);
        }

        CHECK(taken < 64 * tabs.size());
        CHECK_FALSE(talk.session.may_receive());
        CHECK(talk.session.output().size() < HumanSession::kOutputMax + 4096);
        talk.take();
        CHECK(talk.session.may_receive());
    }
}

}  // namespace siskin::hmp
