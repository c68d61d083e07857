// SPDX-License-Identifier: Apache-2.0
// Objects, character devices and passed files, by the handlers of QMP.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>

#include "base/fd.h"
#include "base/text.h"
#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {
namespace {

std::string syntax_error(std::string_view message, std::string_view command) {
    return concat(message, "\r\nTry \"help ", command, "\" for more information\r\n");
}

}  // namespace

TEST_SUITE("vmm/hmp/host_commands") {
    TEST_CASE("object_add takes the rest of the line, white space and all") {
        MonitorBench monitor;

        CHECK(monitor.run(R"(object_add {"qom-type": "iothread", "id": "a"})").empty());
        CHECK(monitor.run("object_add  iothread,id=a b").empty());
        CHECK(monitor.run("object_add help") == "types\r\n");
        CHECK(monitor.run("object_add") ==
              syntax_error("object_add: string expected", "object_add"));

        CHECK(monitor.machine.backend().plugged ==
              std::vector<std::string>{R"({"qom-type": "iothread", "id": "a"})", "iothread,id=a b",
                                       "help"});
    }

    TEST_CASE("object_del takes one id") {
        MonitorBench monitor;

        CHECK(monitor.run("object_del a") == "Error: object 'a' not found\r\n");
        CHECK(monitor.run("object_del") ==
              syntax_error("object_del: string expected", "object_del"));
        CHECK(monitor.run("object_del a b") ==
              syntax_error("object_del: extraneous characters at the end of line", "object_del"));
    }

    TEST_CASE("character devices are made, replaced and removed; a terminal's path is told") {
        MonitorBench monitor;

        CHECK(monitor.run("chardev-add null,id=c0").empty());
        CHECK(monitor.run("chardev-add pty,id=p") ==
              "char device redirected to /dev/pts/7 (label p)\r\n");
        CHECK(monitor.run("chardev-change c0 ringbuf,size=4k").empty());
        CHECK(monitor.run("chardev-change c1 null") == "Error: Chardev 'c1' does not exist\r\n");
        CHECK(monitor.run("chardev-remove c0").empty());

        CHECK(monitor.machine.backend().plugged ==
              std::vector<std::string>{"null,id=c0", "c0 ringbuf,size=4k"});
        CHECK(monitor.machine.calls() == std::vector<std::string>{"chardev-remove c0"});
    }

    TEST_CASE("what is missing or too much is named") {
        MonitorBench monitor;

        for (const std::string_view name : {"chardev-add", "chardev-remove", "getfd", "closefd"}) {
            CHECK(monitor.run(name) == syntax_error(concat(name, ": string expected"), name));
            CHECK(monitor.run(concat(name, " a b")) ==
                  syntax_error(concat(name, ": extraneous characters at the end of line"), name));
        }
        CHECK(monitor.run("chardev-change a") ==
              syntax_error("chardev-change: string expected", "chardev-change"));
        CHECK(monitor.run("chardev-change a b c") ==
              syntax_error("chardev-change: extraneous characters at the end of line",
                           "chardev-change"));
    }

    TEST_CASE("getfd names what was passed along, closefd closes it, once") {
        MonitorBench monitor;
        monitor.machine.descriptors().begin_command(0, Fd(::open("/dev/null", O_RDONLY)));

        CHECK(monitor.run("getfd a").empty());
        CHECK(monitor.run("getfd b") == "Error: No file descriptor supplied via SCM_RIGHTS\r\n");
        CHECK(monitor.run("closefd a").empty());
        CHECK(monitor.run("closefd a") == "Error: File descriptor named 'a' not found\r\n");
    }
}

}  // namespace siskin::hmp
