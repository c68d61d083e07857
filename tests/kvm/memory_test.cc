// SPDX-License-Identifier: Apache-2.0
// Memory back ends of the program: RAM of several, errors that come early, RAM that is cut short.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/harness/temporary_directory.h"

namespace siskin::test {
namespace {

constexpr std::string_view kTwoNodes[] = {
    "-object", "memory-backend-memfd,id=a,size=64M,share=on,prealloc=on",
    "-object", "memory-backend-ram,id=b,size=64M",
    "-numa",   "node,memdev=a",
    "-numa",   "node,memdev=b"};

std::string error_of(const std::vector<std::string>& arguments) {
    MachineArguments machine;
    const GuestRun done = run(machine.add(arguments));
    CHECK(done.status == 1);
    CHECK(done.output.empty());
    return done.errors;
}

}  // namespace

TEST_SUITE("kvm/memory") {
    TEST_CASE("a guest runs in the memory of two back ends") {
        MachineArguments machine("exit_code");
        for (const std::string_view argument : kTwoNodes) {
            machine.add({std::string(argument)});
        }

        const GuestRun done = run(machine);

        CHECK(done.status == kGuestPassed);
        CHECK(done.errors.empty());
    }

    TEST_CASE("a start that fails leaves no file at mem-path, one that works does") {
        const TemporaryDirectory folder;
        const std::string file = "memory-backend-file,id=m,size=64M,mem-path=" + folder.path("ram");

        const std::string error = error_of({"-object", file, "-device", "bogus"});

        CHECK(error.find("bogus") != std::string::npos);
        CHECK(folder.names().empty());
        MachineArguments machine("exit_code");
        CHECK(run(machine.add({"-m", "64M", "-M", "memory-backend=m", "-object", file})).status ==
              kGuestPassed);
        CHECK(folder.names().size() == 1);
    }

    TEST_CASE("what cannot be is one line and exit status 1") {
        CHECK(error_of({"-object", "memory-backend-ram,id=m,size=0"})
                  .find("property 'size' of memory-backend-ram doesn't take value '0'") !=
              std::string::npos);
        CHECK(error_of({"-M", "memory-backend=nope"}).find("Memory backend 'nope' not found") !=
              std::string::npos);
        CHECK(error_of({"-m", "64", "-numa", "node"}).find("total memory for NUMA nodes (0x0)") !=
              std::string::npos);
    }

    TEST_CASE("RAM whose file is cut short stops the machine, and the process lives (X07)") {
        const TemporaryDirectory folder;
        MachineArguments machine("idle");
        machine.add({"-m", "64M", "-M", "memory-backend=m", "-object",
                     "memory-backend-file,id=m,size=64M,share=on,mem-path=" + folder.path("ram")});
        ChildProcess process = start(machine.qmp(folder.path("qmp")));
        QmpClient monitor = connect(folder.path("qmp"), process);

        REQUIRE(process.wait_for_output("idle"));
        std::filesystem::resize_file(folder.path("ram"), 4096);
        // Who looks at the memory meets the lost page, if the vCPU has not yet.
        REQUIRE(monitor.execute("human-monitor-command", R"({"command-line":"xp /1x 0x300000"})"));

        CHECK(monitor.wait_for_event("STOP").has_value());
        const Result<Value> status = monitor.execute("query-status");
        REQUIRE(status.has_value());
        CHECK(text_at(*status, "status") == "internal-error");
    }
}

}  // namespace siskin::test
