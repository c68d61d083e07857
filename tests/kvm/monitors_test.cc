// SPDX-License-Identifier: Apache-2.0
// siskin's monitors as clients meet them: TCP, standard streams, terminals, connections it makes.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/stream_socket.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

// A port of 127.0.0.1 that nobody listens on at the moment.
std::uint16_t free_port() {
    const auto socket = listen_tcp(*resolve_tcp("127.0.0.1", 0, true, true));
    const std::string text = SocketAddress::local_of(socket->get()).text();
    return static_cast<std::uint16_t>(
        parse_unsigned(text.substr(text.rfind(':') + 1), 10).value_or(0));
}

MachineArguments paused_machine() {
    MachineArguments arguments;
    arguments.add({"-S", "-kernel", guest_file("hello")});
    return arguments;
}

// What comes until `end` does, the stream ends, or time is up.
std::string read_until(const Fd& file, std::string_view end) {
    std::string text;
    pollfd wait{file.get(), POLLIN, 0};
    while (text.find(end) == std::string::npos &&
           ::poll(&wait, 1, static_cast<int>(kPatience.count())) == 1) {
        std::array<char, 4096> bytes{};
        const ssize_t count = ::read(file.get(), bytes.data(), bytes.size());
        if (count <= 0) {
            break;
        }
        text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
}

std::size_t descriptor_count(pid_t pid) {
    const std::filesystem::directory_iterator entries(concat("/proc/", pid, "/fd"));
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// Whether the process has fewer descriptors open, at last.
bool falls_below(std::size_t count, pid_t pid) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (descriptor_count(pid) >= count && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
    }
    return descriptor_count(pid) < count;
}

void write_to(const Fd& file, std::string_view text) {
    REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_SUITE("kvm/monitors") {
    TEST_CASE("a monitor on a TCP port is driven to the end; what a browser posts does nothing") {
        const std::uint16_t port = free_port();
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp", concat("tcp:127.0.0.1:", port, ",server=on,wait=off")});
        ChildProcess process = start(arguments);
        {
            Result<QmpClient> first = QmpClient::connect_tcp(port, process);
            REQUIRE(first.has_value());
            const Result<Value> chardevs = first->execute("query-chardev");
            REQUIRE(chardevs.has_value());
            CHECK(text_at(chardevs->as_list()->front(), "filename") ==
                  concat("tcp:127.0.0.1:", port, ",server=on"));
        }
        const auto web = connect_stream(*resolve_tcp("127.0.0.1", port, true, true), -1);
        REQUIRE(web.has_value());
        REQUIRE(read_until(*web, "\r\n").find("QMP") != std::string::npos);
        write_to(*web,
                 "POST / HTTP/1.1\r\nHost: x\r\n\r\n{\"execute\":\"qmp_capabilities\"}"
                 "{\"execute\":\"quit\"}");
        CHECK(read_until(*web, "no such text").empty());

        Result<QmpClient> second = QmpClient::connect_tcp(port, process);
        REQUIRE(second.has_value());
        CHECK(second->execute("quit").has_value());
        CHECK(process.wait_for_end() == 0);
    }

    TEST_CASE("a start waits for the client of a TCP port, and says so") {
        const std::uint16_t port = free_port();
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp", concat("tcp:127.0.0.1:", port, ",server")});
        ChildProcess process = start(arguments);

        CHECK(process.wait_for_errors(
            concat("waiting for connection on: disconnected:tcp:127.0.0.1:", port, ",server=on")));
        Result<QmpClient> client = QmpClient::connect_tcp(port, process);
        REQUIRE(client.has_value());
        CHECK(client->execute("quit").has_value());
        CHECK(process.wait_for_end() == 0);
    }

    TEST_CASE("a monitor for people runs their lines, beside one of QMP that sees the events") {
        TemporaryDirectory directory;
        MachineArguments arguments = paused_machine();
        const std::string path = directory.path("people");
        arguments.add({"-monitor", concat("unix:", path, ",server=on,wait=off")});
        arguments.qmp(directory.path("qmp"));
        ChildProcess process = start(arguments);
        QmpClient qmp = connect(directory.path("qmp"), process);
        const auto people = connect_unix(path);
        REQUIRE(people.has_value());
        CHECK(read_until(*people, "(qemu) ").find("monitor - type 'help'") != std::string::npos);

        write_to(*people, "info status\r");
        CHECK(read_until(*people, "\n(qemu) ").find("VM status: paused (prelaunch)") !=
              std::string::npos);
        write_to(*people, "system_reset\r");
        CHECK(qmp.wait_for_event("RESET").has_value());
        CHECK(read_until(*people, "(qemu) ").find("system_reset") != std::string::npos);
        write_to(*people, "quit\r");

        CHECK(qmp.wait_for_event("SHUTDOWN").has_value());
        CHECK(process.wait_for_end() == 0);
    }

    TEST_CASE("a browser's request to a monitor for people does nothing (Q13)") {
        const std::uint16_t port = free_port();
        MachineArguments arguments = paused_machine();
        arguments.add({"-monitor", concat("tcp:127.0.0.1:", port, ",server=on,wait=off")});
        ChildProcess process = start(arguments);
        Result<Fd> web = connect_stream(*resolve_tcp("127.0.0.1", port, true, true), -1);
        while (!web && process.running()) {
            process.observe(Milliseconds(5));
            web = connect_stream(*resolve_tcp("127.0.0.1", port, true, true), -1);
        }
        REQUIRE(web.has_value());
        REQUIRE(read_until(*web, "(qemu) ").find("(qemu) ") != std::string::npos);

        write_to(*web, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nquit\r\n");

        CHECK(read_until(*web, "no such text").find("(qemu)") == std::string::npos);
        // The end came from siskin: the next client has the monitor.
        const auto person = connect_stream(*resolve_tcp("127.0.0.1", port, true, true), -1);
        REQUIRE(person.has_value());
        CHECK(read_until(*person, "(qemu) ").find("(qemu) ") != std::string::npos);
        write_to(*person, "info status\r");
        CHECK(read_until(*person, "\n(qemu) ").find("VM status: paused") != std::string::npos);
    }

    TEST_CASE("an address that other hosts reach is refused in one line") {
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp", concat("tcp:0.0.0.0:", free_port(), ",server=on,wait=off")});

        const GuestRun refused = run(arguments);

        CHECK(refused.status == 1);
        CHECK(count_of(refused.errors, "\n") == 1);
        CHECK(refused.errors.find("allow-remote=on") != std::string::npos);
    }

    TEST_CASE("standard input and output are a monitor, indented where asked") {
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp-pretty", "stdio"});
        ChildProcess process = start(arguments);
        REQUIRE(process.wait_for_output("        \"capabilities\": [\r\n            \"oob\"\r\n"));

        process.write_input("{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"quit\"}\n");

        CHECK(process.wait_for_end() == 0);
        CHECK(count_of(process.output(), "    \"return\": {\r\n    }") == 2);
    }

    TEST_CASE("who has ended standard input still sees replies and events on standard output") {
        TemporaryDirectory directory;
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp", "stdio"}).qmp(directory.path("qmp"));
        ChildProcess process = start(arguments);

        process.write_input(
            "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-name\",\"id\":1}");
        process.end_input();
        REQUIRE(process.wait_for_output("{\"return\": {}, \"id\": 1}\r\n"));
        Result<QmpClient> other = QmpClient::connect(directory.path("qmp"), process);
        REQUIRE(other.has_value());
        REQUIRE(other->execute("cont").has_value());
        CHECK(process.wait_for_output("\"event\": \"RESUME\"}\r\n"));
        CHECK(other->execute("quit").has_value());

        CHECK(process.wait_for_end() == 0);
        CHECK(process.output().find("\"event\": \"SHUTDOWN\"") != std::string::npos);
    }

    TEST_CASE("a pseudo terminal is announced and greets who opens it") {
        MachineArguments arguments = paused_machine();
        arguments.add({"-chardev", "pty,id=m", "-mon", "m,mode=control"});
        ChildProcess process = start(arguments);
        REQUIRE(process.wait_for_output(" (label m)\n"));
        const std::string_view announced = "char device redirected to ";
        const std::string line = process.output().substr(process.output().find(announced));
        const std::string path =
            line.substr(announced.size(), line.find(" (label") - announced.size());

        const Fd terminal(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        REQUIRE(terminal.valid());
        CHECK(read_until(terminal, "\r\n").find("QMP") != std::string::npos);
        write_to(terminal, "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-chardev\"}\n");
        CHECK(read_until(terminal, concat("pty:", path)).find("return") != std::string::npos);
        process.send_signal(SIGTERM);
        CHECK(process.wait_for_end() == 0);
    }

    TEST_CASE("a monitor that connects finds a peer that comes later, and one that comes back") {
        TemporaryDirectory directory;
        const std::string path = directory.path("peer");
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp", concat("unix:", path, ",reconnect=1")});
        ChildProcess process = start(arguments);
        REQUIRE(process.wait_for_errors("No such file or directory"));
        const auto peer = UnixListener::listen(path);
        REQUIRE(peer.has_value());

        for (int round = 0; round < 2; ++round) {
            pollfd wait{peer->get(), POLLIN, 0};
            REQUIRE(::poll(&wait, 1, static_cast<int>(kPatience.count())) == 1);
            Result<QmpClient> client = QmpClient::over(peer->accept());
            REQUIRE(client.has_value());
            CHECK(client->execute("query-status").has_value());
        }
        process.send_signal(SIGTERM);
        CHECK(process.wait_for_end() == 0);
    }

    TEST_CASE("without reconnect a peer that is not there ends the start") {
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp", "unix:/nowhere/peer"});

        const GuestRun refused = run(arguments);

        CHECK(refused.status == 1);
        CHECK(refused.errors.find("Failed to connect to '/nowhere/peer'") != std::string::npos);
    }

    TEST_CASE("two clients of one socket are served at a time where that is asked for") {
        TemporaryDirectory directory;
        MachineArguments arguments = paused_machine();
        const std::string path = directory.path("qmp");
        arguments.add({"-qmp", concat("unix:", path, ",server=on,wait=off,x-siskin-clients=2")});
        ChildProcess process = start(arguments);
        QmpClient one = connect(path, process);
        QmpClient two = connect(path, process);

        CHECK(one.execute("query-status").has_value());
        CHECK(two.execute("quit").has_value());
        CHECK(one.wait_for_close());
        CHECK(process.wait_for_end() == 0);
    }

    TEST_CASE("observers watch a machine that an operator runs, and take up where they left") {
        TemporaryDirectory directory;
        MachineArguments arguments = paused_machine();
        const std::string path = directory.path("watch");
        arguments.add({"-chardev", concat("socket,id=w,path=", path, ",server=on,wait=off"), "-mon",
                       "w,mode=control,x-siskin-role=observe", "-d", "qmp"});
        arguments.qmp(directory.path("qmp"));
        ChildProcess process = start(arguments);
        QmpClient operating = connect(directory.path("qmp"), process);
        {
            QmpClient first = connect(path, process);
            CHECK(first.execute("query-status").has_value());
            const Result<Value> refused = first.execute("quit");
            REQUIRE_FALSE(refused.has_value());
            CHECK(refused.error().message.find("this monitor's role is observe") !=
                  std::string::npos);
        }
        CHECK(operating.execute("system_reset").has_value());
        REQUIRE(operating.wait_for_event("RESET").has_value());

        QmpClient second = connect(path, process);
        const Result<Value> subscribed =
            second.execute("x-siskin-events-subscribe", "{\"since\":1}");
        REQUIRE(subscribed.has_value());
        const Result<Value> event = second.wait_for_event("RESET");
        REQUIRE(event.has_value());
        CHECK(member_at(*event, "x-siskin-sequence") == Value(1));

        CHECK(operating.execute("quit").has_value());
        CHECK(process.wait_for_end() == 0);
        CHECK(process.errors().find("QMP monitor 0 client 1: system_reset, id ") !=
              std::string::npos);
        CHECK(process.errors().find("QMP monitor 1 client 2: quit, id ") != std::string::npos);
    }

    TEST_CASE("a terminal closed by a client that has not read greets the next one anew") {
        MachineArguments arguments = paused_machine();
        arguments.add({"-qmp", "pty"});
        TemporaryDirectory directory;
        arguments.qmp(directory.path("qmp"));
        ChildProcess process = start(arguments);
        REQUIRE(process.wait_for_output("(label compat_monitor0)"));
        QmpClient other = connect(directory.path("qmp"), process);
        const std::string said = process.output();
        const std::size_t at = said.find("/dev/pts/");
        const std::string path = said.substr(at, said.find(' ', at) - at);
        std::size_t busy = 0;
        {
            const Fd first(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
            REQUIRE(read_until(first, "]}}\r\n").find("QMP") != std::string::npos);
            std::string commands = "{\"execute\":\"qmp_capabilities\"}";
            for (int count = 0; count < 40; ++count) {
                commands += "{\"execute\":\"query-qmp-schema\"}";
            }
            write_to(first, commands);
            // More than the terminal takes is on its way once this has come.
            CHECK(read_until(first, "meta-type").find("return") != std::string::npos);
            busy = descriptor_count(process.pid());
        }

        // One that opens it in the same instant would join the client that leaves. The thread that
        // has seen it go answers once it is done with that.
        REQUIRE(falls_below(busy, process.pid()));
        REQUIRE(other.execute("query-name").has_value());
        const Fd second(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        const std::string greeting = read_until(second, "\r\n");
        CHECK(greeting.starts_with("{\"QMP\""));
        write_to(second, "{\"execute\":\"query-status\"}");
        CHECK(read_until(second, "\r\n").find("Expecting capabilities negotiation") !=
              std::string::npos);
        write_to(second, "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"quit\"}");
        CHECK(process.wait_for_end() == 0);
    }
}

}  // namespace siskin::test
