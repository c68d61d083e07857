// SPDX-License-Identifier: Apache-2.0
// The table of options.
#include "vmm/machine/command_line.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "vmm/machine/option_handlers.h"
#include "vmm/machine/option_syntax.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

constexpr std::size_t kQuotedLengthMax = 512;

// What an option asks of a parser: a config to change, or a help request to make.
struct Parsing {
    MachineConfig config;
    std::optional<HelpRequest> help;
};

// One use of an option: as written ("-device", "--device") and its argument.
struct Use {
    std::string_view written;
    std::string_view argument;

    // For messages: what the user typed, on one line, cut where it is very long.
    [[nodiscard]] std::string text() const {
        const std::string whole =
            argument.empty() ? std::string(written) : concat(written, ' ', argument);
        return printable(whole, kQuotedLengthMax);
    }
};

struct OptionRow {
    OptionDescription description;
    Result<> (*apply)(Parsing& parsing, const Use& use);
};

// Options that only set a string or a switch.
template <auto Member>
Result<> set_text(Parsing& parsing, const Use& use) {
    parsing.config.*Member = std::string(use.argument);
    return {};
}
template <auto Member>
Result<> set_path(Parsing& parsing, const Use& use) {
    if (use.argument.empty()) {
        return fail("the file's name is empty");
    }
    return set_text<Member>(parsing, use);
}
template <auto Member>
Result<> set_on(Parsing& parsing, const Use&) {
    parsing.config.*Member = true;
    return {};
}
template <auto Member>
Result<> append_text(Parsing& parsing, const Use& use) {
    (parsing.config.*Member).emplace_back(use.argument);
    return {};
}

// Options with a function of their own.
template <Result<> (*Apply)(MachineConfig&, std::string_view)>
Result<> call(Parsing& parsing, const Use& use) {
    return Apply(parsing.config, use.argument);
}

// Options that make a list of uses: `implied` is the key of the first item.
using KeyValues = Result<Value::Dict> (*)(std::string_view, std::string_view);

Result<> add_use(std::vector<OptionUse>& uses, const Use& use, std::string_view implied,
                 KeyValues parse, bool json) {
    Value::Dict members = json ? SISKIN_TRY(parse_json_or(use.argument, implied, parse))
                               : SISKIN_TRY(parse(use.argument, implied));
    uses.push_back(
        OptionUse{use.text(), std::move(members), json && use.argument.starts_with('{')});
    return {};
}

Result<> add_device(Parsing& parsing, const Use& use) {
    return add_use(parsing.config.devices, use, "driver", parse_key_values, true);
}
Result<> add_object(Parsing& parsing, const Use& use) {
    return add_use(parsing.config.objects, use, "qom-type", parse_object_key_values, true);
}
Result<> add_blockdev(Parsing& parsing, const Use& use) {
    return add_use(parsing.config.blockdevs, use, "driver", parse_dotted_key_values, true);
}
Result<> add_drive(Parsing& parsing, const Use& use) {
    return add_use(parsing.config.drives, use, "", parse_key_values, false);
}
Result<> add_chardev(Parsing& parsing, const Use& use) {
    const auto members = SISKIN_TRY(parse_key_values(use.argument, "backend"));
    ChardevConfig chardev = SISKIN_TRY(parse_chardev(members));
    for (const ChardevUse& other : parsing.config.chardevs) {
        if (other.config.id == chardev.id) {
            return fail(concat("Duplicate ID '", chardev.id, "' for chardev"));
        }
    }
    parsing.config.chardevs.push_back(ChardevUse{std::move(chardev), use.text()});
    return {};
}
Result<> add_passed_file(Parsing& parsing, const Use& use) {
    return add_use(parsing.config.passed_files, use, "", parse_key_values, false);
}
Result<> add_monitor(Parsing& parsing, const Use& use) {
    return add_use(parsing.config.monitors, use, "chardev", parse_key_values, false);
}

template <bool Pretty>
Result<> add_qmp(Parsing& parsing, const Use& use) {
    parsing.config.qmp.push_back(QmpUse{std::string(use.argument), use.text(), Pretty, false});
    return {};
}
Result<> add_human_monitor(Parsing& parsing, const Use& use) {
    if (use.argument != "none") {
        parsing.config.qmp.push_back(QmpUse{std::string(use.argument), use.text(), false, true});
    }
    return {};
}

// "driver.property=value" or "driver=D,property=P,value=V".
Result<> add_global(Parsing& parsing, const Use& use) {
    const std::size_t dot = use.argument.find('.');
    const std::size_t equals = use.argument.find('=');
    Value::Dict members;
    if (dot != std::string_view::npos && dot < equals && equals != std::string_view::npos) {
        members.insert("driver", use.argument.substr(0, dot));
        members.insert("property", use.argument.substr(dot + 1, equals - dot - 1));
        members.insert("value", use.argument.substr(equals + 1));
    } else {
        members = SISKIN_TRY(parse_key_values(use.argument, ""));
    }
    parsing.config.globals.push_back(OptionUse{use.text(), std::move(members)});
    return {};
}

Result<> set_no_graphic(Parsing& parsing, const Use&) {
    parsing.config.no_graphic = true;
    return {};
}

Result<> do_nothing(Parsing&, const Use&) {
    return {};
}

Result<> ask_help(Parsing& parsing, const Use&) {
    parsing.help = HelpRequest{"help", ""};
    return {};
}
Result<> ask_version(Parsing& parsing, const Use&) {
    parsing.help = HelpRequest{"version", ""};
    return {};
}

using C = MachineConfig;

constexpr std::array kOptions{
    OptionRow{{"help", "", "Print this help and exit."}, ask_help},
    OptionRow{{"h", "", "The same."}, ask_help},
    OptionRow{{"version", "", "Print the version and exit."}, ask_version},
    OptionRow{
        {"machine", "[type=]q35[,KEY=VALUE...]", "Choose the machine; its keys: -machine help."},
        call<apply_machine>},
    OptionRow{{"M", "[type=]q35[,KEY=VALUE...]", "The same as -machine."}, call<apply_machine>},
    OptionRow{{"accel", "kvm", "Choose the accelerator; -accel help probes this host's."},
              call<apply_accel>},
    OptionRow{{"cpu", "host|max[,+FEATURE|-FEATURE|FEATURE=on|off...]",
               "Choose the vCPUs' features; -cpu help lists them."},
              call<apply_cpu>},
    OptionRow{{"smp", "[cpus=]N[,sockets=S][,dies=D][,cores=C][,threads=T]",
               "Set the number of vCPUs and their topology (1)."},
              call<apply_smp>},
    OptionRow{{"m", "[size=]SIZE[,slots=N,maxmem=SIZE]",
               "Set the guest's RAM; a bare number is MiB (128M)."},
              call<apply_memory>},
    OptionRow{{"mem-path", "FILE", "Take the guest's RAM from this file, or from one in a folder."},
              set_path<&C::mem_path>},
    OptionRow{{"mem-prealloc", "", "Have the host give the guest's RAM at once."},
              set_on<&C::mem_prealloc>},
    OptionRow{
        {"numa", "node[,nodeid=N][,cpus=N-M][,memdev=ID]|dist,src=N,dst=N,val=D|cpu,node-id=N,...",
         "Describe a NUMA node, a distance between two, or vCPUs of one."},
        call<apply_numa>},
    OptionRow{{"kernel", "FILE", "Boot this kernel: a bzImage, or an ELF file with a PVH note."},
              set_path<&C::kernel>},
    OptionRow{{"initrd", "FILE", "Give the kernel this initial RAM disk."}, set_path<&C::initrd>},
    OptionRow{{"append", "TEXT", "Give the kernel this command line."}, set_text<&C::append>},
    OptionRow{{"device", "TYPE[,PROPERTY=VALUE...]|{JSON}",
               "Add a device; -device help lists the types, -device TYPE,help their properties."},
              add_device},
    OptionRow{
        {"blockdev", "KEY=VALUE[,...]|{JSON}",
         "Add a block node: driver file, host_device, nbd, null-co, or raw over one of these."},
        add_blockdev},
    OptionRow{{"drive", "file=FILE,format=raw[,KEY=VALUE...]",
               "Add a disk: a block node and, with if=virtio, its device."},
              add_drive},
    OptionRow{{"chardev", "BACKEND,id=ID[,KEY=VALUE...]", "Add a character device."}, add_chardev},
    OptionRow{{"serial",
               "stdio|file:PATH|null|none|pty|unix:PATH|tcp:HOST:PORT|telnet:HOST:PORT|chardev:ID",
               "Connect the serial port (COM1)."},
              append_text<&C::serials>},
    OptionRow{
        {"debugcon", "stdio|file:PATH|null|pty|unix:PATH|tcp:HOST:PORT|telnet:HOST:PORT|chardev:ID",
         "Add a debug console at port 0xe9."},
        append_text<&C::debugcons>},
    OptionRow{{"mon", "[chardev=]ID[,mode=readline|control]",
               "Put a monitor for people, or one of QMP, on a character device."},
              add_monitor},
    OptionRow{{"qmp",
               "unix:PATH[,server=on][,wait=off]|tcp:HOST:PORT[,server=on][,wait=off]|"
               "telnet:HOST:PORT[,server=on][,wait=off]|stdio|pty|chardev:ID",
               "Add a QMP monitor."},
              add_qmp<false>},
    OptionRow{
        {"qmp-pretty", "unix:PATH[,server=on][,wait=off]|...", "As -qmp, with indented messages."},
        add_qmp<true>},
    OptionRow{
        {"monitor", "stdio|unix:PATH[,server=on][,wait=off]|...|none", "Add a monitor for people."},
        add_human_monitor},
    OptionRow{{"object", "TYPE,id=ID[,PROPERTY=VALUE...]|{JSON}",
               "Add an object; -object help lists the types, -object TYPE,help their properties."},
              add_object},
    OptionRow{{"add-fd", "fd=N,set=S[,opaque=TEXT]",
               "Put an open descriptor into set S, which the path /dev/fdset/S names."},
              add_passed_file},
    OptionRow{{"global", "TYPE.PROPERTY=VALUE", "Change a property's default for a device type."},
              add_global},
    OptionRow{{"name", "[guest=]NAME", "Name the guest."}, call<apply_name>},
    OptionRow{{"uuid", "UUID", "Set the machine's UUID."}, call<apply_uuid>},
    OptionRow{{"S", "", "Do not start the vCPUs; cont does."}, set_on<&C::start_paused>},
    OptionRow{{"no-reboot", "", "End instead of restarting when the guest reboots."},
              set_on<&C::no_reboot>},
    OptionRow{{"no-shutdown", "", "Stop instead of ending when the guest powers off."},
              set_on<&C::no_shutdown>},
    OptionRow{{"nodefaults", "", "Add no default devices."}, set_on<&C::no_defaults>},
    OptionRow{{"no-user-config", "", "Accepted; siskin reads no configuration files."}, do_nothing},
    OptionRow{{"nographic", "", "Connect the serial port to stdio."}, set_no_graphic},
    OptionRow{{"display", "none", "Accepted; siskin has no display."}, call<apply_display>},
    OptionRow{{"vga", "none", "Accepted; siskin has no display."}, call<apply_display>},
    OptionRow{{"pidfile", "FILE", "Write the process's number to this file."},
              set_path<&C::pid_file>},
    OptionRow{{"daemonize", "", "Go to the background once everything is set up."},
              set_on<&C::daemonize>},
    OptionRow{{"D", "FILE", "Write the log to this file instead of stderr."},
              set_path<&C::log_file>},
    OptionRow{{"d", "ITEM[,...]", "Also log what these items name; -d help lists them."},
              call<apply_log_items>},
    OptionRow{{"msg", "timestamp=on|off", "Put time stamps before log lines."},
              call<apply_message>},
};

const OptionRow* find_option(std::string_view name) {
    const auto* const found =
        std::find_if(kOptions.begin(), kOptions.end(),
                     [&](const OptionRow& row) { return row.description.name == name; });
    return found == kOptions.end() ? nullptr : found;
}

// "-device help", "-machine q35,help", "-cpu ?": on any option with a structured argument.
bool wants_help(const OptionRow& row, std::string_view argument) {
    static constexpr std::array<std::string_view, 16> kWithHelp{
        "machine", "M",     "accel", "cpu",    "smp",    "m", "device", "chardev",
        "mon",     "drive", "msg",   "object", "global", "d", "add-fd", "numa"};
    if (std::find(kWithHelp.begin(), kWithHelp.end(), row.description.name) == kWithHelp.end() ||
        argument.starts_with('{')) {
        return false;
    }
    const auto members = parse_key_values(argument, "_");
    return members && asks_for_help(*members);
}

Result<> apply_option(Parsing& parsing, const OptionRow& row, const Use& use) {
    if (wants_help(row, use.argument)) {
        parsing.help = HelpRequest{std::string(row.description.name), std::string(use.argument)};
        return {};
    }
    SISKIN_TRY_IN(use.text(), row.apply(parsing, use));
    return {};
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments) {
    Parsing parsing;
    while (!arguments.empty() && !parsing.help) {
        Use use{arguments.front(), ""};
        arguments = arguments.subspan(1);
        if (!use.written.starts_with('-') || use.written.size() < 2) {
            return fail(concat("'", printable(use.written),
                               "' is no option; a disk is -drive file=FILE,format=raw"));
        }
        const bool double_dash = use.written.starts_with("--");
        const OptionRow* const row = find_option(use.written.substr(double_dash ? 2 : 1));
        if (row == nullptr) {
            return fail(concat(printable(use.written), ": invalid option, see -help"));
        }
        if (!row->description.argument.empty()) {
            if (arguments.empty()) {
                return fail(
                    concat(use.written, ": requires an argument: ", row->description.argument));
            }
            use.argument = arguments.front();
            arguments = arguments.subspan(1);
        }
        SISKIN_TRY(apply_option(parsing, *row, use));
    }
    if (parsing.help) {
        return CommandLine(std::move(*parsing.help));
    }
    if (parsing.config.kernel.empty() && !parsing.config.append.empty()) {
        return fail("-append only allowed with -kernel option");
    }
    if (parsing.config.kernel.empty() && !parsing.config.initrd.empty()) {
        return fail("-initrd only allowed with -kernel option");
    }
    return CommandLine(std::move(parsing.config));
}

std::vector<OptionDescription> describe_options() {
    std::vector<OptionDescription> descriptions;
    for (const OptionRow& row : kOptions) {
        descriptions.push_back(row.description);
    }
    return descriptions;
}

}  // namespace siskin
