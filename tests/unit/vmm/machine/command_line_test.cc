// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/command_line, option_handlers and option_tables.
#include "vmm/machine/command_line.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <set>
#include <string>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

Result<CommandLine> parse(std::initializer_list<std::string_view> arguments) {
    const std::vector<std::string_view> copy(arguments);
    return parse_command_line(copy);
}

// The config of a command line that is known to be good.
MachineConfig config_of(std::initializer_list<std::string_view> arguments) {
    auto parsed = parse(arguments);
    REQUIRE(parsed.has_value());
    REQUIRE(std::holds_alternative<MachineConfig>(*parsed));
    return std::get<MachineConfig>(std::move(*parsed));
}

std::string error_of(std::initializer_list<std::string_view> arguments) {
    auto parsed = parse(arguments);
    return parsed ? std::string("no error") : parsed.error().message;
}

}  // namespace

TEST_SUITE("vmm/machine/command_line") {
    TEST_CASE("nothing given is one vCPU and 128 MiB") {
        const MachineConfig config = config_of({});

        CHECK(config.topology.count() == 1);
        CHECK(config.ram == ByteCount{128 * kMiB});
        CHECK_FALSE(config.start_paused);
    }

    TEST_CASE("one dash and two are the same") {
        CHECK(config_of({"--no-reboot", "-no-shutdown"}).no_reboot);
        CHECK(config_of({"--no-reboot", "-no-shutdown"}).no_shutdown);
    }

    TEST_CASE("a stray argument and an unknown option are named") {
        CHECK(error_of({"disk.img"}) ==
              "'disk.img' is no option; a disk is -drive file=FILE,format=raw");
        CHECK(error_of({"-bogus"}) == "-bogus: invalid option, see -help");
        CHECK(error_of({"-"}).starts_with("'-' is no option"));
    }

    TEST_CASE("a missing argument says what it is") {
        CHECK(error_of({"-m"}) == "-m: requires an argument: [size=]SIZE[,slots=N,maxmem=SIZE]");
    }

    TEST_CASE("-append and -initrd need -kernel") {
        CHECK(error_of({"-append", "x"}) == "-append only allowed with -kernel option");
        CHECK(error_of({"-initrd", "x"}) == "-initrd only allowed with -kernel option");
    }

    TEST_CASE("-device keeps its text, and takes JSON") {
        const MachineConfig config = config_of(
            {"-device", "pcie-root-port,id=rp1", "-device", R"({"driver":"x","addr":3})"});

        REQUIRE(config.devices.size() == 2);
        CHECK(config.devices[0].text == "-device pcie-root-port,id=rp1");
        CHECK(config.devices[0].members ==
              Value::Dict{{"driver", "pcie-root-port"}, {"id", "rp1"}});
        CHECK(config.devices[1].members == Value::Dict{{"driver", "x"}, {"addr", 3}});
    }

    TEST_CASE("-global has two forms") {
        const Value::Dict wanted{
            {"driver", "isa-debugcon"}, {"property", "iobase"}, {"value", "0x402"}};

        CHECK(config_of({"-global", "isa-debugcon.iobase=0x402"}).globals[0].members == wanted);
        CHECK(config_of({"-global", "driver=isa-debugcon,property=iobase,value=0x402"})
                  .globals[0]
                  .members == wanted);
    }

    TEST_CASE("help is asked for by option, and ends the parsing") {
        const auto device = parse({"-device", "virtio-blk-pci,help", "-bogus"});
        const auto version = parse({"--version"});

        REQUIRE(device.has_value());
        CHECK(std::get<HelpRequest>(*device).option == "device");
        CHECK(std::get<HelpRequest>(*device).argument == "virtio-blk-pci,help");
        CHECK(std::get<HelpRequest>(*version).option == "version");
    }

    TEST_CASE("no option is in the table twice, and each has a help text") {
        std::set<std::string_view> names;
        for (const OptionDescription& option : describe_options()) {
            names.insert(option.name);
            CHECK_FALSE(option.help.empty());
        }

        CHECK(names.size() == describe_options().size());
    }
}

TEST_SUITE("vmm/machine/option_handlers") {
    TEST_CASE("-m: a bare number is MiB, suffixes count") {
        CHECK(config_of({"-m", "512"}).ram == ByteCount{512 * kMiB});
        CHECK(config_of({"-m", "2G"}).ram == ByteCount{2 * kGiB});
        CHECK(config_of({"-m", "size=262144k"}).ram == ByteCount{256 * kMiB});
        CHECK(config_of({"-m", "2M"}).ram == ByteCount{kRamMin});
    }

    TEST_CASE("-m: nothing, too much and nonsense are refused with what is allowed") {
        for (const char* const size : {"0", "1E", "1025G", "bogus", "", "1", "4097k", "-5"}) {
            const std::string error = error_of({"-m", size});
            CHECK_MESSAGE(error.find("allowed is 2M to 1024G in steps of 4k") != std::string::npos,
                          size, ": ", error);
        }
    }

    TEST_CASE("-smp: cores take what is left, as QEMU 7.2 has it") {
        const CpuTopology topology = config_of({"-smp", "8,sockets=2,threads=2"}).topology;

        CHECK(topology.sockets == 2);
        CHECK(topology.cores == 2);
        CHECK(topology.threads == 2);
        CHECK(config_of({"-smp", "sockets=2,cores=3"}).topology.count() == 6);
    }

    TEST_CASE("-smp: none, too many, and a product that does not fit are refused") {
        CHECK(error_of({"-smp", "0"}) ==
              "-smp 0: Parameter 'cpus' doesn't take value '0', allowed is a number from 1 to 254");
        CHECK(error_of({"-smp", "255"}).find("allowed is a number from 1 to 254") !=
              std::string::npos);
        CHECK(
            error_of({"-smp", "3,sockets=2,cores=1,threads=1"}) ==
            "-smp 3,sockets=2,cores=1,threads=1: Invalid CPU topology: product of the hierarchy "
            "must match maxcpus: sockets (2) * dies (1) * cores (1) * threads (1) != maxcpus (3)");
        CHECK(error_of({"-smp", "2,maxcpus=4"}).find("vCPUs cannot be added later") !=
              std::string::npos);
        CHECK(error_of({"-smp", "sockets=254,cores=254,threads=254,dies=254"}) != "no error");
    }

    TEST_CASE("-smp: a topology whose APIC IDs pass 8 bits is refused") {
        CHECK(error_of({"-smp", "195,sockets=65,cores=3"}).find("APIC ID") != std::string::npos);
    }

    TEST_CASE("-machine and -accel: others than q35 and kvm are refused by name") {
        CHECK(config_of({"-machine", "q35,accel=kvm", "-M", "pc-q35-7.2,usb=off"}).machine.type ==
              "pc-q35-7.2");
        CHECK(error_of({"-machine", "microvm"}) ==
              "-machine microvm: unsupported machine type 'microvm', allowed are q35 and "
              "pc-q35-7.2");
        CHECK(error_of({"-accel", "tcg"}) ==
              "-accel tcg: invalid accelerator 'tcg', allowed is kvm");
        CHECK(config_of({"-machine", "accel=kvm:tcg"}).machine.accel == "kvm:tcg");
        CHECK(error_of({"-machine", "q35,bogus=1"}).find("Invalid parameter 'bogus'") !=
              std::string::npos);
    }

    TEST_CASE("-cpu: model, switches and features") {
        const CpuOptions cpu =
            config_of({"-cpu", "host,migratable=on,kvm=off,-aes,+avx,sse4a=off"}).cpu;

        CHECK_FALSE(cpu.expose_kvm);
        CHECK(cpu.features ==
              std::map<std::string, bool>{{"aes", false}, {"avx", true}, {"sse4a", false}});
        CHECK(error_of({"-cpu", "EPYC"}) ==
              "-cpu EPYC: unable to find CPU model 'EPYC', allowed are host and max");
        CHECK(error_of({"-cpu", "host,+bogus"}).find("unknown CPU feature 'bogus'") !=
              std::string::npos);
        CHECK(error_of({"-cpu", "host,aes=maybe"}).find("allowed is on or off") !=
              std::string::npos);
    }

    TEST_CASE("-uuid: sixteen bytes, or an error with the shape") {
        const auto uuid = config_of({"-uuid", "00112233-4455-6677-8899-aabbccddeeff"}).uuid;

        REQUIRE(uuid.has_value());
        CHECK((*uuid)[0] == 0x00);
        CHECK((*uuid)[1] == 0x11);
        CHECK((*uuid)[15] == 0xff);
        for (const char* const text : {"zz", "", "00112233-4455-6677-8899-aabbccddeefg",
                                       "00112233x4455-6677-8899-aabbccddeeff"}) {
            CHECK(error_of({"-uuid", text}).find("failed to parse UUID") != std::string::npos);
        }
    }

    TEST_CASE("-d takes the log items that -d help lists") {
        const MachineConfig config = config_of({"-d", "qmp"});
        REQUIRE(config.log_topics.size() == 1);
        CHECK(config.log_topics[0] == log::Topic::Qmp);
        CHECK(config_of({}).log_topics.empty());
        CHECK(error_of({"-d", "qmp,nope"}) ==
              "-d qmp,nope: 'nope' is no log item, allowed are those of -d help");
        CHECK(error_of({"-d", ""}) == "-d: '' is no log item, allowed are those of -d help");
    }

    TEST_CASE("-name, -msg and -display") {
        CHECK(config_of({"-name", "guest=a,debug-threads=on"}).name.guest == "a");
        CHECK(config_of({"-name", "b,,c"}).name.guest == "b,c");
        CHECK(config_of({"-msg", "timestamp=on"}).timestamps);
        CHECK(error_of({"-display", "gtk"}).find("allowed is none") != std::string::npos);
    }
}
