// SPDX-License-Identifier: Apache-2.0
// Proves qmp/server with real sockets and threads.
#include "qmp/server.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/text.h"
#include "base/unix_socket.h"
#include "tests/qmp/client.h"
#include "tests/qmp/served_machine.h"
#include "tests/qmp/transcript.h"

using siskin::concat;
using siskin::EventFd;
using siskin::Fd;
using siskin::UnixListener;
using siskin::qmp::Role;
using siskin::qmp::Server;
using siskin::qmp_test::Client;
using siskin::qmp_test::new_folder;
using siskin::qmp_test::ServedMachine;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    ::lstat(path.c_str(), &status);
    return status.st_mode & 07777U;
}

constexpr std::string_view kQueryName = "{\"execute\":\"query-name\"}";

}  // namespace

TEST_SUITE("qmp/server") {
    TEST_CASE("a client is greeted, negotiates and is answered") {
        ServedMachine served;
        served.start();
        Client client(served.path());

        CHECK(client.receive().find("\"package\": \"siskin-test\"") != std::string::npos);
        CHECK(client.ask("{\"execute\":\"qmp_capabilities\"}") == "{\"return\": {}}");
        CHECK(client.ask(kQueryName) == "{\"return\": {}}");
    }

    TEST_CASE("the socket file is for its owner alone and goes with the server (Q14)") {
        ServedMachine served;
        served.start();
        CHECK(mode_of(served.path()) == 0600);

        served.end();

        CHECK_FALSE(std::filesystem::exists(served.path()));
    }

    TEST_CASE("a client that goes while its command waits makes room for the next (Q08)") {
        ServedMachine served;
        served.start();
        {
            Client first(served.path());
            first.negotiate();
            first.send(R"({"execute":"device_add","arguments":{"driver":"later"}})");
            first.send(R"({"execute":"stop"})");
            CHECK(first.receive(Client::kSilence) == "<silence>");
        }

        Client second(served.path());
        second.negotiate();

        CHECK(second.ask(kQueryName) == "{\"return\": {}}");
    }

    TEST_CASE("out of band a thousand overtake one that waits; half a client still waits (Q08)") {
        ServedMachine served;
        served.start();
        Client client(served.path());
        client.receive();
        CHECK(client.ask(R"({"execute":"qmp_capabilities","arguments":{"enable":["oob"]}})") ==
              "{\"return\": {}}");

        client.send(R"({"execute":"device_add","arguments":{"driver":"later"},"id":1})");
        for (int number = 2; number < 1002; ++number) {
            CHECK(client.ask(concat(R"({"exec-oob":"yank","arguments":{"instances":[]},"id":)",
                                    number, '}')) ==
                  concat("{\"return\": {}, \"id\": ", number, '}'));
        }
        client.end_sending();

        CHECK(client.receive(Client::kSilence) == "<silence>");
    }

    TEST_CASE("half a message, then silence, holds up nobody; a byte at a time is enough (Q06)") {
        ServedMachine served;
        const std::string path = served.folder() + "/other";
        served.listen(path);
        served.start();
        Client silent(served.path());
        silent.negotiate();
        silent.send("{\"execute\":\"query-");
        Client slow(path);
        slow.negotiate();

        for (const char byte : kQueryName) {
            slow.send(std::string_view(&byte, 1));
        }

        CHECK(slow.receive() == "{\"return\": {}}");
        silent.send("name\"}");
        CHECK(silent.receive() == "{\"return\": {}}");
    }

    TEST_CASE("a client that goes without reading its replies ends nothing but itself (Q06)") {
        ServedMachine served;
        served.start();
        for (int round = 0; round < 50; ++round) {
            Client client(served.path());
            client.negotiate();
            for (int number = 0; number < 8; ++number) {
                client.send(R"({"execute":"query-qmp-schema"})");
            }
        }

        Client last(served.path());
        last.negotiate();
        CHECK(last.ask(kQueryName) == "{\"return\": {}}");
    }

    TEST_CASE("a socket somebody listens on is not taken, and lives on (Q14)") {
        ServedMachine served;
        served.start();

        const auto second = served.server().listen_unix(served.path());

        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().message.find(served.path()) != std::string::npos);
        Client client(served.path());
        CHECK(client.receive().starts_with("{\"QMP\""));
    }

    TEST_CASE("a socket nobody listens on is replaced, anything else is left alone (Q14)") {
        ServedMachine served;
        const std::string dead = served.folder() + "/dead";
        const std::string file = served.folder() + "/file";
        {
            const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            dead.copy(&address.sun_path[0], dead.size());
            const void* const generic = &address;
            REQUIRE(::bind(socket.get(), static_cast<const sockaddr*>(generic), sizeof(address)) ==
                    0);
        }
        std::ofstream(file) << "precious";

        CHECK(served.server().listen_unix(dead).has_value());
        CHECK_FALSE(served.server().listen_unix(file).has_value());
        CHECK(std::filesystem::file_size(file) == 8);
    }

    TEST_CASE("a path of 108 bytes is refused and the limit is named (Q14)") {
        ServedMachine served;

        const auto index = served.server().listen_unix("/tmp/" + std::string(103, 'x'));

        REQUIRE_FALSE(index.has_value());
        CHECK(index.error().message.find("107") != std::string::npos);
    }

    TEST_CASE("a listening socket made elsewhere is served, and its file stays") {
        const std::string folder = new_folder();
        const auto owner = UnixListener::listen(folder + "/passed");
        {
            ServedMachine served;
            REQUIRE(served.server().listen_on(*Fd(::dup(owner->get())).duplicate()).has_value());
            served.start();
            Client client(folder + "/passed");
            CHECK(client.receive().starts_with("{\"QMP\""));
        }
        CHECK(std::filesystem::exists(folder + "/passed"));
        std::filesystem::remove_all(folder);
    }

    TEST_CASE("a descriptor that does not listen is refused") {
        ServedMachine served;

        CHECK_FALSE(served.server().listen_on(Fd(::socket(AF_UNIX, SOCK_STREAM, 0))).has_value());
    }

    TEST_CASE("a second client waits until the first has gone, then negotiates for itself") {
        ServedMachine served;
        served.start();
        auto first = std::make_unique<Client>(served.path());
        first->negotiate();
        Client second(served.path());
        CHECK(second.receive(Client::kSilence) == "<silence>");
        CHECK(first->ask(kQueryName) == "{\"return\": {}}");

        first.reset();

        CHECK(second.receive().starts_with("{\"QMP\""));
        CHECK(second.ask(kQueryName).find("Expecting capabilities") != std::string::npos);
    }

    TEST_CASE("monitors are independent; events go to each that has negotiated") {
        ServedMachine served;
        const std::string other = served.folder() + "/other";
        const std::string third = served.folder() + "/third";
        served.listen(other);
        served.listen(third);
        served.start();
        Client one(served.path());
        Client two(other);
        Client mute(third);
        one.negotiate();
        two.negotiate();
        mute.receive();

        one.send("{\"execute\":\"cont\",\"id\":1}");
        const std::string event = one.receive();

        CHECK(event.find("\"event\": \"RESUME\"") != std::string::npos);
        CHECK(one.receive() == "{\"return\": {}, \"id\": 1}");
        CHECK(two.receive() == event);
        CHECK(mute.receive(Client::kSilence) == "<silence>");
    }

    TEST_CASE("quit is heard to the end: event, reply, end of the stream") {
        ServedMachine served;
        served.start();
        Client client(served.path());
        client.negotiate();
        client.send("{\"execute\":\"quit\"}");

        CHECK(client.receive().find("\"event\": \"SHUTDOWN\"") != std::string::npos);
        CHECK(client.receive() == "{\"return\": {}}");
        CHECK(client.receive() == "<eof>");
    }

    TEST_CASE("two thousand commands in one stream are answered in order") {
        ServedMachine served;
        served.start();
        Client client(served.path());
        client.negotiate();
        int right = 0;
        for (int round = 0; round < 20; ++round) {
            std::string bytes;
            for (int number = 0; number < 100; ++number) {
                bytes += "{\"execute\":\"query-name\",\"id\":" + std::to_string(number) + '}';
            }
            client.send(bytes);
            for (int number = 0; number < 100; ++number) {
                right +=
                    client.receive() == "{\"return\": {}, \"id\": " + std::to_string(number) + '}'
                        ? 1
                        : 0;
            }
        }

        CHECK(right == 2000);
    }

    TEST_CASE("a client that never reads does not hold up the end or the others (Q05)") {
        ServedMachine served;
        const std::string other = served.folder() + "/other";
        served.listen(other);
        served.start();
        Client deaf(served.path());
        deaf.negotiate();
        std::string flood;
        for (int number = 0; number < 500; ++number) {
            flood += "{\"execute\":\"query-qmp-schema\"}";
        }
        deaf.send(flood);
        Client client(other);
        client.negotiate();

        CHECK(client.ask(kQueryName) == "{\"return\": {}}");
        client.send("{\"execute\":\"quit\"}");
        CHECK(client.receive_reply() == "{\"return\": {}}");
        served.end();
        CHECK_FALSE(std::filesystem::exists(other));
    }

    TEST_CASE("clients that come and go in a hurry leave the server as it was (Q07)") {
        ServedMachine served;
        served.start();
        for (int number = 0; number < 200; ++number) {
            Client client(served.path());
            client.send("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-qmp-schema\"}");
        }
        Client last(served.path());
        last.negotiate();

        CHECK(last.ask(kQueryName) == "{\"return\": {}}");
    }

    TEST_CASE("waiting for a client ends with the first one, even before the VM loop runs") {
        ServedMachine served;
        served.start_server();
        Client client(served.path());

        CHECK(served.server().wait_for_client(0));
        CHECK(client.receive().starts_with("{\"QMP\""));
        served.start_loop();
    }

    TEST_CASE("waiting for a client ends without one when it is interrupted") {
        ServedMachine served;
        served.start_server();
        const auto interrupt = EventFd::create();
        interrupt->signal();

        CHECK_FALSE(served.server().wait_for_client(0, interrupt->get()));
    }

    TEST_CASE("commands sent before the VM loop runs are answered once it does") {
        ServedMachine served;
        served.start_server();
        Client client(served.path());
        client.negotiate();
        client.send(kQueryName);
        CHECK(client.receive(Client::kSilence) == "<silence>");

        served.start_loop();

        CHECK(client.receive() == "{\"return\": {}}");
    }

    TEST_CASE("more listeners than the limit are refused") {
        ServedMachine served;
        for (std::size_t number = 1; number < Server::kEndpointsMax; ++number) {
            served.listen(served.folder() + '/' + std::to_string(number));
        }

        CHECK_FALSE(served.server().listen_unix(served.folder() + "/many").has_value());
    }

    TEST_CASE(
        "a client that subscribes has its reply in turn, then what it missed, then the news") {
        ServedMachine served;
        served.start();
        Client client(served.path());
        client.negotiate();
        client.send(
            "{\"execute\":\"cont\"}{\"execute\":\"stop\"}"
            "{\"execute\":\"x-siskin-events-subscribe\",\"arguments\":{\"since\":1},"
            "\"id\":7}{\"execute\":\"query-name\",\"id\":8}{\"execute\":\"cont\"}");

        CHECK(client.receive().find("\"event\": \"RESUME\"}") != std::string::npos);
        CHECK(client.receive() == "{\"return\": {}}");
        CHECK(client.receive().find("\"event\": \"STOP\"}") != std::string::npos);
        CHECK(client.receive() == "{\"return\": {}}");
        CHECK(client.receive() ==
              "{\"return\": {\"next\": 3, \"replayed\": 2, \"lost\": 0}, \"id\": 7}");
        CHECK(client.receive().find("\"RESUME\", \"x-siskin-sequence\": 1}") != std::string::npos);
        CHECK(client.receive().find("\"STOP\", \"x-siskin-sequence\": 2}") != std::string::npos);
        CHECK(client.receive() == "{\"return\": {}, \"id\": 8}");
        CHECK(client.receive().find("\"RESUME\", \"x-siskin-sequence\": 3}") != std::string::npos);
        CHECK(client.receive() == "{\"return\": {}}");
    }

    TEST_CASE("a monitor of observers answers questions and lets nobody change anything") {
        ServedMachine served;
        const std::string path = served.folder() + "/observers";
        REQUIRE(served.server().listen_unix(path, {.role = Role::Observe}).has_value());
        served.start();
        Client client(path);
        client.negotiate();

        CHECK(client.ask(kQueryName) == "{\"return\": {}}");
        CHECK(client.ask("{\"execute\":\"x-siskin-events-subscribe\"}").find("\"next\": 1") !=
              std::string::npos);
        for (const std::string name :
             {"stop", "cont", "quit", "system_reset", "human-monitor-command", "qom-set"}) {
            CHECK(client.ask("{\"execute\":\"" + name + "\"}").find("role is observe") !=
                  std::string::npos);
        }
        CHECK(served.machine().calls().empty());
    }
}
