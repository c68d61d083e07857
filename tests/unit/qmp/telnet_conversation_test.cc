// SPDX-License-Identifier: Apache-2.0
// Proves qmp/telnet_conversation around a conversation that records.
#include "qmp/telnet_conversation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "qmp/session.h"
#include "tests/qmp/fake_machine.h"

using namespace siskin;       // NOLINT(google-build-using-namespace): a test file
using namespace siskin::qmp;  // NOLINT(google-build-using-namespace): a test file
using namespace std::string_view_literals;

namespace {

// Takes so many bytes, says what it is told to.
class Recorder final : public Conversation {
public:
    void receive_descriptors(std::vector<Fd>) override {}
    std::size_t receive(std::string_view bytes) override {
        const std::size_t count = std::min(room, bytes.size());
        heard += bytes.substr(0, count);
        room -= count;
        return count;
    }
    bool may_receive() const override { return room != 0; }
    bool is_over() const override { return false; }
    void reply(const Reply&) override {}
    bool send_event(std::string_view) override { return true; }
    std::string_view output() const override { return says; }
    void sent(std::size_t count) override { says.erase(0, count); }
    std::size_t in_flight() const override { return 0; }

    std::size_t room = 1000;
    std::string heard;
    std::string says;
};

struct Bench {
    explicit Bench(TelnetEnd end) : conversation(own(), end) {}
    std::unique_ptr<Recorder> own() {
        auto made = std::make_unique<Recorder>();
        inside = made.get();
        return made;
    }
    // All output, sent `step` bytes at a time.
    std::string sent_in(std::size_t step) {
        std::string text;
        while (!conversation.output().empty()) {
            const auto piece = conversation.output().substr(0, step);
            text += piece;
            conversation.sent(piece.size());
        }
        return text;
    }

    Recorder* inside = nullptr;
    TelnetConversation conversation;
};

}  // namespace

TEST_SUITE("qmp/telnet_conversation") {
    TEST_CASE("a server says its opening first, a client none") {
        Bench server(TelnetEnd::Server);
        Bench client(TelnetEnd::Client);
        server.inside->says = "hello";
        client.inside->says = "hello";

        CHECK(server.sent_in(5) == "\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00hello"sv);
        CHECK(client.sent_in(1) == "hello");
    }

    TEST_CASE("each escape in the output is sent twice, however little is sent at a time") {
        for (const std::size_t step : {1U, 2U, 3U, 100U}) {
            Bench bench(TelnetEnd::Client);
            bench.inside->says =
                "\xff\xff"
                "a\xff"
                "b";
            CHECK(bench.sent_in(step) ==
                  "\xff\xff\xff\xff"
                  "a\xff\xff"
                  "b");
        }
    }

    TEST_CASE("telnet's commands do not reach the conversation") {
        Bench bench(TelnetEnd::Server);
        const auto text = "\xff\xfd\x01\xff\xfb\x00info\xff\xff\r\n"sv;

        CHECK(bench.conversation.receive(text) == text.size());

        CHECK(bench.inside->heard == "info\xff\r\n");
    }

    TEST_CASE("bytes that the conversation has no room for are offered again and lost nowhere") {
        Bench bench(TelnetEnd::Server);
        std::string_view text = "ab\xff\xfb\x01\xff\xff\r\ncd"sv;
        while (!text.empty()) {
            bench.inside->room = 1;
            text.remove_prefix(bench.conversation.receive(text));
        }

        CHECK(bench.inside->heard == "ab\xff\r\ncd");
    }

    TEST_CASE("what begins behind telnet's commands decides whether a stranger came (Q13)") {
        std::vector<Request> requests;
        const auto session = [&] {
            return std::make_unique<Session>(
                VersionInfo{}, command_table(),
                Outlet{[&](Request request) { requests.push_back(std::move(request)); }, {}},
                SessionOptions{.braces_only = true});
        };
        TelnetConversation friendly(session(), TelnetEnd::Server);
        TelnetConversation stranger(session(), TelnetEnd::Server);

        friendly.receive("\xff\xfd\x03{\"execute\":\"qmp_capabilities\"}\r\0"sv);
        stranger.receive("\xff\xfd\x03GET / HTTP/1.1\r\n"sv);

        CHECK_FALSE(friendly.is_over());
        CHECK(stranger.is_over());
        CHECK(requests.empty());
    }
}
