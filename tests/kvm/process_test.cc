// SPDX-License-Identifier: Apache-2.0
// siskin as a process: going to the background, pid file, log file, names.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

std::string content_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// A process that is no child of this one.
class Background {
public:
    explicit Background(const std::string& pid_file)
        : pid_(static_cast<pid_t>(parse_unsigned(first_line(pid_file), 10).value_or(0))),
          handle_(pid_ == 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))) {}
    ~Background() {
        if (handle_.valid()) {
            ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0);
        }
    }
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    [[nodiscard]] bool found() const { return handle_.valid(); }
    [[nodiscard]] std::string process_file(const std::string& name) const {
        return content_of(concat("/proc/", pid_, "/", name));
    }
    [[nodiscard]] bool wait_for_end() const {
        pollfd entry{handle_.get(), POLLIN, 0};
        return ::poll(&entry, 1, static_cast<int>(kPatience.count())) == 1;
    }
    void terminate() const { ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGTERM, nullptr, 0); }

private:
    static std::string first_line(const std::string& path) {
        std::string line;
        std::ifstream file(path);
        std::getline(file, line);
        return line;
    }

    pid_t pid_;
    Fd handle_;
};

MachineArguments paused_machine(const TemporaryDirectory& directory) {
    MachineArguments arguments;
    arguments.add({"-S", "-kernel", guest_file("hello"), "-pidfile", directory.path("pid")});
    arguments.qmp(directory.path("qmp"));
    return arguments;
}

}  // namespace

TEST_SUITE("kvm/process") {
    TEST_CASE("-daemonize returns once the machine listens, and the pid file names it") {
        TemporaryDirectory directory;
        MachineArguments arguments = paused_machine(directory);
        arguments.add({"-daemonize", "-name", "guest=g,process=kingfisher"});

        ChildProcess launcher = start(arguments);
        const std::optional<int> status = launcher.wait_for_end();

        CAPTURE(launcher.errors());
        CHECK(status == 0);
        const Background machine(directory.path("pid"));
        REQUIRE(machine.found());
        CHECK(machine.process_file("comm") == "kingfisher\n");
        Result<QmpClient> monitor = QmpClient::connect(directory.path("qmp"), launcher);
        REQUIRE(monitor.has_value());
        CHECK(monitor->execute("quit").has_value());
        CHECK(machine.wait_for_end());
        CHECK(directory.names().empty());
    }

    TEST_CASE("what goes wrong in the background is said by the launcher, which ends with 1") {
        TemporaryDirectory directory;
        MachineArguments arguments = paused_machine(directory);
        arguments.add({"-daemonize", "-device", "virtio-blk-pci,drive=ghost"});

        const GuestRun launched = run(arguments);

        CHECK(launched.status == 1);
        CHECK(count_of(launched.errors, "\n") == 1);
        CHECK(launched.errors.find("ghost") != std::string::npos);
        CHECK(directory.names().empty());
    }

    TEST_CASE("a pid file of a running machine is refused and stays") {
        TemporaryDirectory directory;
        ChildProcess first = start(paused_machine(directory));
        const QmpClient monitor = connect(directory.path("qmp"), first);
        MachineArguments arguments;
        arguments.add({"-S", "-kernel", guest_file("hello"), "-pidfile", directory.path("pid")});

        const GuestRun second = run(arguments);

        CHECK(second.status == 1);
        CHECK(second.errors.find(directory.path("pid")) != std::string::npos);
        CHECK(content_of(directory.path("pid")) == concat(first.pid(), "\n"));
    }

    TEST_CASE("SIGTERM ends a start that waits for a character device's client") {
        TemporaryDirectory directory;
        MachineArguments arguments;
        const std::string socket = directory.path("console");
        arguments.add({"-S", "-chardev", concat("socket,id=c,server=on,path=", socket)});
        ChildProcess process = start(arguments);
        REQUIRE(process.wait_for_errors("waiting for connection"));

        process.send_signal(SIGTERM);

        CHECK(process.wait_for_end() == 1);
        CHECK(process.errors().find("signal") != std::string::npos);
        CHECK(directory.names().empty());
    }

    TEST_CASE("SIGTERM ends the machine with 0, a log line and nothing left behind") {
        TemporaryDirectory directory;
        MachineArguments arguments = paused_machine(directory);
        const std::string log = directory.path("log");
        arguments.add({"-D", log, "-msg", "timestamp=on"});
        ChildProcess process = start(arguments);
        QmpClient monitor = connect(directory.path("qmp"), process);
        const Background machine(directory.path("pid"));
        REQUIRE(machine.found());

        machine.terminate();

        const Result<Value> shutdown = monitor.wait_for_event("SHUTDOWN");
        REQUIRE(shutdown.has_value());
        CHECK(text_at(member_at(*shutdown, "data"), "reason") == "host-signal");
        CHECK(process.wait_for_end() == 0);
        CHECK(process.errors().empty());
        const std::string lines = content_of(log);
        CAPTURE(lines);
        CHECK(lines.find("Z siskin: terminating on signal 15 from pid ") != std::string::npos);
        CHECK(directory.names() == std::set<std::string>{log});
    }

    TEST_CASE("signals in a row end the machine once, with 0 and one event (Q17)") {
        for (const std::vector<int>& signals :
             {std::vector{SIGTERM, SIGTERM}, std::vector{SIGINT, SIGINT}, std::vector{SIGHUP},
              std::vector{SIGINT, SIGTERM, SIGHUP, SIGTERM, SIGINT}}) {
            TemporaryDirectory directory;
            MachineArguments arguments("idle");
            arguments.qmp(directory.path("qmp"));
            ChildProcess process = start(arguments);
            QmpClient monitor = connect(directory.path("qmp"), process);

            for (const int signal : signals) {
                process.send_signal(signal);
            }

            CHECK(monitor.wait_for_event("SHUTDOWN").has_value());
            CHECK(monitor.wait_for_close());
            CHECK(count_of(join(monitor.event_names(), " "), "SHUTDOWN") == 1);
            CHECK(process.wait_for_end() == 0);
            CHECK(directory.names().empty());
        }
    }

    TEST_CASE("a signal that races with a command still ends the machine with 0 (Q17)") {
        for (const char* command : {"quit", "system_reset", "cont", "stop", "system_powerdown"}) {
            TemporaryDirectory directory;
            MachineArguments arguments("idle");
            arguments.qmp(directory.path("qmp"));
            ChildProcess process = start(arguments);
            QmpClient monitor = connect(directory.path("qmp"), process);

            process.send_signal(SIGTERM);
            // Answered, or too late.
            const Result<Value> reply = monitor.execute(command);
            CAPTURE(command);
            CAPTURE((reply ? std::string("answered") : reply.error().message));

            CHECK(process.wait_for_end() == 0);
            CHECK(directory.names().empty());
        }
    }

    TEST_CASE("a flood of the signal that siskin sends its own threads disturbs nothing (Q17)") {
        TemporaryDirectory directory;
        MachineArguments arguments("idle");
        arguments.qmp(directory.path("qmp"));
        ChildProcess process = start(arguments);
        QmpClient monitor = connect(directory.path("qmp"), process);

        for (int round = 0; round < 200; ++round) {
            process.send_signal(SIGRTMIN);
            process.send_signal(SIGPIPE);
            CHECK(monitor.execute(round % 2 == 0 ? "stop" : "cont").has_value());
        }

        const Result<Value> status = monitor.execute("query-status");
        REQUIRE(status.has_value());
        CHECK(text_at(*status, "status") == "running");
        CHECK(monitor.execute("quit").has_value());
        CHECK(process.wait_for_end() == 0);
    }
}

}  // namespace siskin::test
