// SPDX-License-Identifier: Apache-2.0
// The human monitor over a machine that runs: its registers, memory and trees.
#include "tests/kvm/running_machine.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "tests/harness/temporary_directory.h"

namespace siskin::test {

namespace {

// A machine whose guest has printed its line and rests.
struct Resting {
    explicit Resting(MachineArguments arguments = MachineArguments("idle"))
        : process(start(arguments.qmp(directory.path("qmp")))),
          monitor(connect(directory.path("qmp"), process)) {
        REQUIRE(process.wait_for_output("idle\n"));
    }

    // What the monitor answers to a line without '"' and '\'.
    std::string ask(std::string_view line) {
        const Result<Value> reply = monitor.execute("human-monitor-command",
                                                    concat(R"({"command-line": ")", line, R"("})"));
        REQUIRE_MESSAGE(reply.has_value(), line);
        REQUIRE(reply->as_string() != nullptr);
        return *reply->as_string();
    }

    TemporaryDirectory directory;
    ChildProcess process;
    QmpClient monitor;
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("kvm/hmp") {
    TEST_CASE("info status follows stop and cont, with their events") {
        Resting machine;

        CHECK(machine.ask("info status") == "VM status: running\r\n");
        CHECK(machine.ask("stop").empty());
        CHECK(machine.ask("info status") == "VM status: paused\r\n");
        CHECK(machine.ask("cont").empty());
        CHECK(machine.ask("info status") == "VM status: running\r\n");

        CHECK(has(join(machine.monitor.event_names(), " "), "STOP RESUME"));
    }

    TEST_CASE("info registers shows a halted CPU in 64-bit mode, and the guest goes on") {
        Resting machine;

        const std::string text = machine.ask("info registers");

        CAPTURE(text);
        CHECK(text.starts_with("\r\nCPU#0\r\nRAX="));
        CHECK(has(text, " HLT=1\r\n"));
        CHECK(has(text, "DPL=0 CS64 ["));
        CHECK(has(text, "\r\nEFER=0000000000000500\r\n"));
        CHECK(has(text, " MXCSR=00001f80\r\n"));
        CHECK(machine.ask("info status") == "VM status: running\r\n");
    }

    TEST_CASE("each CPU can be chosen and shown") {
        Resting machine(MachineArguments("idle").add({"-smp", "2"}));

        const std::string all = machine.ask("info registers -a");
        const std::string second = machine.ask("info registers 1");

        CHECK(has(all, "\r\nCPU#0\r\nRAX="));
        CHECK(has(all, "\r\nCPU#1\r\nEAX="));
        CHECK(second.starts_with("\r\nCPU#1\r\nEAX=00000000 "));
        CHECK(machine.ask("info registers 2") == "CPU#2 not available\r\n");
    }

    TEST_CASE("xp and x show the same bytes of the loaded guest, by either kind of address") {
        Resting machine;

        const std::string physical = machine.ask("xp/4xw 0x100000");
        const std::string at_instruction = machine.ask("x/2xb $rip-1");

        CHECK(physical.starts_with("0000000000100000: 0x"));
        CHECK(physical != "0000000000100000: 0x00000000 0x00000000 0x00000000 0x00000000\r\n");
        CHECK(machine.ask("x/4xw 0x100000") == physical);
        // hlt is f4 (Intel SDM vol. 2A); the address after it is where the CPU stands.
        CHECK(has(at_instruction, ": 0xf4 0x"));
    }

    TEST_CASE("what is no RAM, or not mapped, cannot be read") {
        Resting machine;

        CHECK(machine.ask("xp/xw 0xb0000000") == "00000000b0000000: Cannot access memory\r\n");
        CHECK(machine.ask("xp/2xg 0x7fffff8") == "0000000007fffff8: Cannot access memory\r\n");
        CHECK(machine.ask("xp/xg 0x7fffff8") == "0000000007fffff8: 0x0000000000000000\r\n");
        CHECK(machine.ask("x/xb 0xffff900000000000") ==
              "ffff900000000000: Cannot access memory\r\n");
        CHECK(machine.ask("x/xb 0xffffffffffffffff") ==
              "ffffffffffffffff: Cannot access memory\r\n");
        CHECK(machine.ask("xp/999999999xg 0").starts_with("count is 999999999, the most "));
    }

    TEST_CASE("print knows the registers") {
        Resting machine;

        CHECK(machine.ask("p/x $rip-$pc") == "0\r\n");
        CHECK(machine.ask("p/x $cs") == "0x8\r\n");
    }

    TEST_CASE("info pci shows the board and where BARs are") {
        TemporaryDirectory directory;
        MachineArguments arguments("idle");
        arguments.disk(patterned_image(directory, "disk", 8));
        Resting machine(arguments);

        const std::string text = machine.ask("info pci");

        CAPTURE(text);
        CHECK(
            text.starts_with("  Bus  0, device   0, function 0:\r\n"
                             "    Host bridge: PCI device 8086:29c0\r\n"));
        CHECK(has(text, "    PCI bridge: PCI device 1b36:000c\r\n"));
        CHECK(has(text,
                  "  Bus  1, device   0, function 0:\r\n"
                  "    SCSI controller: PCI device 1af4:1042\r\n"));
        CHECK(has(text, "      BAR4: 64 bit prefetchable memory at 0x"));
    }

    TEST_CASE("info mtree, qtree and qom-tree show RAM, devices and objects") {
        TemporaryDirectory directory;
        MachineArguments arguments("idle");
        arguments.disk(patterned_image(directory, "disk", 8));
        Resting machine(arguments);

        const std::string spaces = machine.ask("info mtree");
        const std::string devices = machine.ask("info qtree");
        const std::string objects = machine.ask("info qom-tree");

        CAPTURE(spaces);
        CAPTURE(devices);
        CAPTURE(objects);
        CHECK(has(spaces, "    0000000000000000-000000000009ffff (prio 0, ram): pc.ram\r\n"));
        CHECK(has(spaces,
                  "    00000000000c0000-0000000007ffffff (prio 0, ram): pc.ram "
                  "@00000000000c0000\r\n"));
        CHECK(has(spaces, "    00000000b0000000-00000000bfffffff (prio 0, i/o): pcie-mmcfg-mmio"));
        CHECK(has(spaces, "    0000000000000070-0000000000000071 (prio 0, i/o): rtc\r\n"));
        CHECK(has(spaces, "(prio 0, i/o): virtio-blk-pci\r\n"));
        CHECK(has(devices, "      dev: mch, id \"\"\r\n"));
        CHECK(has(devices, "dev: virtio-blk-pci, id \""));
        CHECK(has(devices, "        addr = 01.0\r\n"));
        CHECK(has(devices,
                  "        bus: isa.0\r\n          type ISA\r\n"
                  "          dev: isa-debug"));
        CHECK(has(objects, "/machine (pc-q35-7.2-machine)\r\n  /peripheral (container)\r\n"));
        CHECK(has(objects, "  /q35 (q35-pcihost)\r\n    /pcie.0 (PCIE)\r\n"));
        CHECK(has(objects, "/virtio-backend (virtio-blk-device)\r\n"));
        CHECK(has(objects, "    /device[0] (host-x86_64-cpu)\r\n"));
    }

    TEST_CASE("quit and system_reset work as their QMP commands do") {
        Resting machine;

        CHECK(machine.ask("system_reset").empty());
        CHECK(machine.process.wait_for_output("idle\n", 2));
        CHECK(machine.ask("quit").empty());
        CHECK(machine.process.wait_for_end() == 0);
    }

    TEST_CASE("KVM's statistics of each CPU are read while it runs") {
        Resting machine(MachineArguments("idle").add({"-smp", "2"}));

        const Result<Value> schemas = machine.monitor.execute("query-stats-schemas");
        const Result<Value> vcpus = machine.monitor.execute("query-stats", R"({"target": "vcpu"})");
        const Result<Value> one = machine.monitor.execute(
            "query-stats", R"({"target": "vcpu", "vcpus": ["/machine/unattached/device[0]"],
                               "providers": [{"provider": "kvm", "names": ["exits"]}]})");

        REQUIRE(schemas.has_value());
        REQUIRE(vcpus.has_value());
        REQUIRE(one.has_value());
        // One for the VM and one for vCPUs; here there are two of these. Before Linux 5.14: none.
        CHECK(vcpus->as_list()->size() == schemas->as_list()->size());
        CHECK(one->as_list()->size() == schemas->as_list()->size() / 2);
        for (const Value& vcpu : *vcpus->as_list()) {
            const Value described = member_at(schemas->as_list()->back(), "stats");
            CHECK(member_at(vcpu, "stats").as_list()->size() == described.as_list()->size());
        }
        for (const Value& vcpu : *one->as_list()) {
            const Value exits = member_at(vcpu, "stats").as_list()->front();
            CHECK(*member_at(exits, "value").as_int() > 0);
        }
        CHECK(has(machine.ask("info stats vcpu exits"), "exits (cumulative): ") ==
              !schemas->as_list()->empty());
    }
}

}  // namespace siskin::test
