// SPDX-License-Identifier: Apache-2.0
// Run states, resets and power over QMP, with the events in QEMU's order.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

// One machine with a monitor.
struct Monitored {
    explicit Monitored(MachineArguments arguments)
        : process(start(arguments.qmp(directory.path("qmp")))),
          monitor(connect(directory.path("qmp"), process)) {}

    std::string status() {
        const Result<Value> reply = monitor.execute("query-status");
        return reply ? text_at(*reply, "status") : reply.error().message;
    }
    // All so far but the RESUME of the start, which only a quick client sees.
    std::string events() const {
        std::vector<std::string> names = monitor.event_names();
        if (!names.empty() && names.front() == "RESUME") {
            names.erase(names.begin());
        }
        return join(names, " ");
    }
    bool execute(std::string_view command) { return monitor.execute(command).has_value(); }

    TemporaryDirectory directory;
    ChildProcess process;
    QmpClient monitor;
};

// The processor time spent in a while of doing nothing.
std::chrono::nanoseconds idle_time(ChildProcess& process) {
    const std::chrono::nanoseconds before = process.processor_time();
    process.observe(Milliseconds(300));
    return process.processor_time() - before;
}
constexpr std::chrono::nanoseconds kIdleMax = std::chrono::milliseconds(60);

}  // namespace

TEST_SUITE("kvm/run_state") {
    TEST_CASE("the greeting names the QMP level and query-kvm says enabled") {
        Monitored machine(MachineArguments("hello"));

        const Value version = member_at(member_at(machine.monitor.greeting(), "QMP"), "version");
        const Result<Value> kvm = machine.monitor.execute("query-kvm");

        CHECK(member_at(member_at(version, "qemu"), "major") == Value(7));
        REQUIRE(kvm.has_value());
        CHECK(flag_at(*kvm, "enabled"));
        CHECK(flag_at(*kvm, "present"));
    }

    TEST_CASE("query-cpus-fast lists both virtual CPUs") {
        Monitored machine(MachineArguments("hello").add({"-smp", "2"}));

        const Result<Value> reply = machine.monitor.execute("query-cpus-fast");

        REQUIRE(reply.has_value());
        REQUIRE(reply->as_list() != nullptr);
        REQUIRE(reply->as_list()->size() == 2);
        CHECK(member_at((*reply->as_list())[1], "cpu-index") == Value(1));
    }

    TEST_CASE("-S waits in prelaunch until cont") {
        Monitored machine(MachineArguments("hello").add({"-S"}));

        CHECK(machine.status() == "prelaunch");
        machine.process.observe(Milliseconds(200));
        CHECK(machine.process.output().empty());
        REQUIRE(machine.execute("cont"));

        CHECK(machine.process.wait_for_output("hello\n"));
        CHECK(machine.status() == "running");
        CHECK(join(machine.monitor.event_names(), " ") == "RESUME");
    }

    TEST_CASE("a stopped machine does nothing until cont, and says STOP and RESUME") {
        MachineArguments arguments;
        arguments.add({"-kernel", guest_file("serial_echo"), "-serial", "stdio", "-device",
                       "isa-debug-exit"});
        Monitored machine(arguments);
        REQUIRE(machine.process.wait_for_output("ready\r\n"));

        REQUIRE(machine.execute("stop"));
        CHECK(machine.status() == "paused");
        machine.process.write_input("asleep");
        machine.process.observe(Milliseconds(300));
        CHECK(machine.process.output() == "ready\r\n");
        REQUIRE(machine.execute("cont"));

        CHECK(machine.process.wait_for_output("asleep"));
        CHECK(machine.status() == "running");
        CHECK(machine.events() == "STOP RESUME");
    }

    TEST_CASE("stop and cont a hundred times under a busy guest") {
        Monitored machine(MachineArguments("power_button"));
        REQUIRE(machine.process.wait_for_output("ready\n"));

        for (int i = 0; i < 100; ++i) {
            REQUIRE(machine.execute("stop"));
            REQUIRE(machine.execute("cont"));
        }

        CHECK(machine.status() == "running");
        REQUIRE(machine.execute("system_powerdown"));
        CHECK(machine.process.wait_for_end() == 0);
    }

    TEST_CASE("stop twice and cont twice succeed and say it once") {
        Monitored machine(MachineArguments("hello"));
        REQUIRE(machine.process.wait_for_output("hello\n"));

        CHECK(machine.execute("stop"));
        CHECK(machine.execute("stop"));
        CHECK(machine.execute("cont"));
        CHECK(machine.execute("cont"));

        CHECK(machine.status() == "running");
        CHECK(machine.events() == "STOP RESUME");
    }

    TEST_CASE("the power button reaches the guest, which powers off: POWERDOWN, then SHUTDOWN") {
        Monitored machine(MachineArguments("power_button"));
        REQUIRE(machine.process.wait_for_output("ready\n"));

        REQUIRE(machine.execute("system_powerdown"));
        const Result<Value> shutdown = machine.monitor.wait_for_event("SHUTDOWN");

        REQUIRE(shutdown.has_value());
        CHECK(flag_at(member_at(*shutdown, "data"), "guest"));
        CHECK(text_at(member_at(*shutdown, "data"), "reason") == "guest-shutdown");
        CHECK(machine.monitor.wait_for_close());
        CHECK(machine.process.wait_for_end() == 0);
        CHECK(count_of(machine.process.output(), "pressed\n") == 1);
        CHECK(count_of(machine.process.output(), "FAILED") == 0);
        CHECK(machine.events() == "POWERDOWN SHUTDOWN");
    }

    TEST_CASE("quit ends the process with status 0 and says host-qmp-quit") {
        Monitored machine(MachineArguments("hello"));
        REQUIRE(machine.process.wait_for_output("hello\n"));

        REQUIRE(machine.execute("quit"));
        const Result<Value> shutdown = machine.monitor.wait_for_event("SHUTDOWN");

        REQUIRE(shutdown.has_value());
        CHECK_FALSE(flag_at(member_at(*shutdown, "data"), "guest"));
        CHECK(text_at(member_at(*shutdown, "data"), "reason") == "host-qmp-quit");
        CHECK(machine.monitor.wait_for_close());
        CHECK(machine.process.wait_for_end() == 0);
        CHECK_FALSE(std::filesystem::exists(machine.directory.path("qmp")));
    }

    TEST_CASE("system_reset boots the guest anew, also a stopped one") {
        Monitored machine(MachineArguments("hello"));
        REQUIRE(machine.process.wait_for_output("hello\n"));

        REQUIRE(machine.execute("system_reset"));
        const Result<Value> reset = machine.monitor.wait_for_event("RESET");

        REQUIRE(reset.has_value());
        CHECK_FALSE(flag_at(member_at(*reset, "data"), "guest"));
        CHECK(text_at(member_at(*reset, "data"), "reason") == "host-qmp-system-reset");
        CHECK(machine.process.wait_for_output("hello\n", 2));
        CHECK(machine.status() == "running");
    }

    TEST_CASE("a guest resets through 0xcf9 and the keyboard controller, then powers off") {
        Monitored machine(MachineArguments("reset_once").add({"-S"}));
        REQUIRE(machine.execute("cont"));

        CHECK(machine.monitor.wait_for_close());
        CHECK(machine.process.wait_for_end() == 0);

        const std::string output = machine.process.output();
        CAPTURE(output);
        CHECK(count_of(output, "boot 0\n") == 1);
        CHECK(count_of(output, "boot 1\n") == 1);
        CHECK(count_of(output, "boot 2\n") == 1);
        CHECK(count_of(machine.process.output(), "FAILED") == 0);
        // Under QEMU, SeaBIOS resets once more each time.
        CHECK(machine.events().starts_with("RESET RESET "));
        CHECK(machine.events().ends_with("RESET SHUTDOWN"));
    }

    TEST_CASE("-no-reboot turns the guest's reset into the end") {
        Monitored machine(MachineArguments("reset_once").add({"-no-reboot", "-S"}));
        REQUIRE(machine.execute("cont"));

        const Result<Value> shutdown = machine.monitor.wait_for_event("SHUTDOWN");

        REQUIRE(shutdown.has_value());
        CHECK(flag_at(member_at(*shutdown, "data"), "guest"));
        CHECK(text_at(member_at(*shutdown, "data"), "reason") == "guest-reset");
        CHECK(machine.process.wait_for_end() == 0);
        CHECK(machine.process.output().starts_with("boot 0\n"));
        CHECK(count_of(machine.process.output(), "boot 1\n") == 0);
    }

    TEST_CASE("-no-shutdown keeps a powered-off machine for its monitor") {
        Monitored machine(MachineArguments("power_button").add({"-no-shutdown"}));
        REQUIRE(machine.process.wait_for_output("ready\n"));

        REQUIRE(machine.execute("system_powerdown"));
        REQUIRE(machine.monitor.wait_for_event("STOP").has_value());

        CHECK(machine.status() == "shutdown");
        CHECK(machine.events() == "POWERDOWN SHUTDOWN STOP");
        CHECK(idle_time(machine.process) < kIdleMax);
        CHECK(machine.process.running());
        CHECK(machine.execute("quit"));
        CHECK(machine.process.wait_for_end() == 0);
    }

    TEST_CASE("a triple fault resets the machine") {
        Monitored machine(MachineArguments("triple_fault"));

        const Result<Value> reset = machine.monitor.wait_for_event("RESET");

        REQUIRE(reset.has_value());
        CHECK(flag_at(member_at(*reset, "data"), "guest"));
        CHECK(text_at(member_at(*reset, "data"), "reason") == "guest-reset");
        CHECK(machine.process.wait_for_output("triple fault now\n", 2));
        CHECK(machine.execute("quit"));
        CHECK(machine.process.wait_for_end() == 0);
    }

    TEST_CASE("a triple fault under -no-reboot ends the process, under -no-shutdown it stops") {
        const GuestRun ended = run(MachineArguments("triple_fault").add({"-no-reboot"}));
        Monitored machine(
            MachineArguments("triple_fault").add({"-no-reboot", "-no-shutdown", "-S"}));
        REQUIRE(machine.execute("cont"));
        REQUIRE(machine.monitor.wait_for_event("STOP").has_value());

        CHECK(ended.status == 0);
        CHECK(count_of(ended.output, "triple fault now\n") == 1);
        CHECK(machine.status() == "shutdown");
        CHECK(idle_time(machine.process) < kIdleMax);
        CHECK(machine.execute("quit"));
    }

    TEST_CASE("what KVM cannot run leaves internal-error, a live monitor and no busy loop") {
        Monitored machine(MachineArguments("emulation_failure").add({"-S"}));
        REQUIRE(machine.execute("cont"));
        REQUIRE(machine.process.wait_for_output("emulation failure now\n"));
        REQUIRE(machine.monitor.wait_for_event("STOP").has_value());

        CHECK(machine.status() == "internal-error");
        CHECK(idle_time(machine.process) < kIdleMax);
        CHECK_FALSE(machine.process.errors().empty());
        CHECK_FALSE(machine.execute("cont"));
        CHECK(machine.status() == "internal-error");
        CHECK(machine.execute("quit"));
        CHECK(machine.process.wait_for_end() == 0);
    }

    TEST_CASE("under -no-reboot and -no-shutdown a reset is told and changes nothing") {
        Monitored machine(MachineArguments("hello").add({"-S", "-no-reboot", "-no-shutdown"}));

        REQUIRE(machine.execute("system_reset"));

        CHECK(machine.monitor.wait_for_event("SHUTDOWN").has_value());
        CHECK(machine.status() == "prelaunch");
        CHECK(machine.execute("cont"));
        CHECK(machine.status() == "running");
    }

    TEST_CASE("under -no-reboot and -no-shutdown a failed machine stays failed") {
        Monitored machine(
            MachineArguments("emulation_failure").add({"-S", "-no-reboot", "-no-shutdown"}));
        REQUIRE(machine.execute("cont"));
        REQUIRE(machine.monitor.wait_for_event("STOP").has_value());
        REQUIRE(machine.status() == "internal-error");

        CHECK(machine.execute("system_reset"));
        CHECK(machine.status() == "internal-error");
        CHECK(machine.execute("quit"));
        CHECK(machine.process.wait_for_end() == 0);
    }

    TEST_CASE("a halted guest costs the host next to nothing") {
        Monitored machine(MachineArguments("idle"));
        REQUIRE(machine.process.wait_for_output("idle\n"));

        CHECK(idle_time(machine.process) < kIdleMax);
        CHECK(machine.status() == "running");
    }
}

}  // namespace siskin::test
