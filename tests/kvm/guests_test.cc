// SPDX-License-Identifier: Apache-2.0
// The guests that check a board by themselves: each run ends with the status of a passed guest.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

TEST_SUITE("kvm/guests") {
    TEST_CASE("isa-debug-exit ends the process with (code << 1) | 1") {
        for (const int code : {0, 1, 21, 127}) {
            CAPTURE(code);

            const GuestRun result =
                run(MachineArguments("exit_code").command_line(concat("code=", code)));

            CAPTURE(result.errors);
            CHECK(result.status == (code << 1 | 1));
            CHECK(count_of(result.output, concat("command line: code=", code, "\n")) == 1);
        }
    }

    TEST_CASE("a guest finds the PCIe tree with everything assigned, by ECAM and by ports") {
        TemporaryDirectory directory;
        MachineArguments arguments("enumerate");
        arguments.command_line("vcpus=2").add({"-smp", "2"});
        arguments.disk(patterned_image(directory, "one", 64));
        arguments.disk(patterned_image(directory, "two", 64));
        arguments.add({"-device", "pcie-root-port,id=empty,chassis=9"});

        const GuestRun result = run(arguments);

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        CHECK(count_of(result.output, "00:00.0 8086:29c0 060000") == 1);
        CHECK(count_of(result.output, "00:1f.0 8086:2918 060100") == 1);
        CHECK(count_of(result.output, " 1b36:000c 060400 ") == 3);
        CHECK(count_of(result.output, " 1af4:1042 010000 ") == 2);
        CHECK(count_of(result.output, "\nram 128 MiB\n") == 1);
        CHECK(count_of(result.output, "\nvcpus 2\n") == 1);
    }

    TEST_CASE("a guest with the largest bus numbers' ports still finds its disk") {
        TemporaryDirectory directory;
        MachineArguments arguments("enumerate");
        for (int port = 0; port < 8; ++port) {
            arguments.add(
                {"-device", concat("pcie-root-port,id=more", port, ",chassis=", 20 + port)});
        }
        arguments.disk(patterned_image(directory, "one", 64));

        const GuestRun result = run(arguments);

        CAPTURE(result.output);
        CHECK(result.status == kGuestPassed);
        CHECK(count_of(result.output, " 1b36:000c 060400 ") == 9);
        CHECK(count_of(result.output, " 1af4:1042 010000 ") == 1);
    }

    TEST_CASE("a guest finds a switch with bridges below it, and 256 functions, assigned alike") {
        MachineArguments arguments("enumerate");
        arguments.add({"-device", "pcie-root-port,id=rp,chassis=1", "-device",
                       "x3130-upstream,id=up,bus=rp"});
        for (int port = 0; port < 8; ++port) {
            arguments.add({"-device", concat("xio3130-downstream,id=d", port,
                                             ",bus=up,chassis=2,slot=", port)});
            arguments.add({"-device", concat("pcie-pci-bridge,id=b", port, ",bus=d", port)});
            for (int slot = 0; slot < 31; ++slot) {
                arguments.add({"-device", concat("siskin-vga-test,bus=b", port)});
            }
        }

        const GuestRun result = run(arguments, 4 * kPatience);

        CAPTURE(result.output);
        CHECK(result.status == kGuestPassed);
        CHECK(count_of(result.output, " 1b36:00ff 030000 ") == 248);
        CHECK(count_of(result.output, " 104c:8233 060400 ") == 8);
    }

    TEST_CASE("a second virtual CPU starts, shares memory and takes interrupts") {
        const GuestRun result = run(MachineArguments("smp").add({"-smp", "2"}));

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
    }

    TEST_CASE("a guest that touches every port at every width stays alive") {
        // Four hundred thousand exits to user space.
        const GuestRun result =
            run(MachineArguments("port_sweep").add({"-no-reboot"}), 4 * kPatience);

        CAPTURE(result.output);
        CAPTURE(result.errors);
        CHECK(result.status == kGuestPassed);
        CHECK(count_of(result.output, "\nalive\n") == 1);
        CHECK(count_of(result.output, std::string(64, '.')) == 1);
    }

    TEST_CASE("COM1 echoes by IRQ 4 what comes in on standard input") {
        TemporaryDirectory directory;
        MachineArguments arguments;
        arguments.add({"-kernel", guest_file("serial_echo"), "-debugcon",
                       concat("file:", directory.path("debug")), "-device", "isa-debug-exit",
                       "-serial", "stdio"});
        ChildProcess process = start(arguments);

        REQUIRE(process.wait_for_output("ready\r\n"));
        process.write_input("hello");
        CHECK(process.wait_for_output("hello"));
        process.write_input("more q");

        CHECK(process.wait_for_end() == kGuestPassed);
        CHECK(process.output() == "ready\r\nhellomore q");
    }

    TEST_CASE("the guest's words for the debug port arrive in a file, too") {
        TemporaryDirectory directory;
        MachineArguments arguments;
        arguments.add({"-kernel", guest_file("exit_code"), "-debugcon",
                       concat("file:", directory.path("debug")), "-device", "isa-debug-exit"});

        const GuestRun result = run(arguments);

        std::ifstream file(directory.path("debug"));
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        CHECK(result.status == kGuestPassed);
        CHECK(result.output.empty());
        CHECK(count_of(text, "code 0\n") == 1);
    }
}

}  // namespace siskin::test
