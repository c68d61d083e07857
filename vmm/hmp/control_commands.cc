// SPDX-License-Identifier: Apache-2.0
// Commands that change what the machine does, and help.
#include "base/text.h"
#include "vmm/hmp/command_table.h"
#include "vmm/hmp/commands.h"

namespace siskin::hmp {
namespace {

using Action = Result<> (qmp::RunControlCommands::*)();

// A command without arguments that is one of QMP's.
Result<> run_action(Call& call, Action action) {
    SISKIN_TRY(call.arguments.finish());
    if (const auto done = (call.services.run_control.*action)(); !done) {
        print_error(call, done.error());
    }
    return {};
}

}  // namespace

Result<> run_cont(Call& call) {
    return run_action(call, &qmp::RunControlCommands::cont);
}

Result<> run_quit(Call& call) {
    return run_action(call, &qmp::RunControlCommands::quit);
}

Result<> run_stop(Call& call) {
    return run_action(call, &qmp::RunControlCommands::stop);
}

Result<> run_system_powerdown(Call& call) {
    return run_action(call, &qmp::RunControlCommands::system_powerdown);
}

Result<> run_system_reset(Call& call) {
    return run_action(call, &qmp::RunControlCommands::system_reset);
}

Result<> run_cpu(Call& call) {
    const std::uint32_t index = SISKIN_TRY(call.arguments.take_index("cpu", register_lookup(call)));
    SISKIN_TRY(call.arguments.finish());
    const auto cpus = call.services.machine.query_cpus_fast();
    if (!cpus) {
        print_error(call, cpus.error());
    } else if (index >= cpus->size()) {
        call.out += "invalid CPU index\n";
    } else {
        call.state.cpu = index;
    }
    return {};
}

Result<> run_device_add(Call& call) {
    const auto options = SISKIN_TRY(call.arguments.take_word());
    SISKIN_TRY(call.arguments.finish());
    const auto added = call.services.backend.add_device(options.value_or(""));
    if (added) {
        call.out += *added;
    } else {
        print_error(call, added.error());
    }
    return {};
}

Result<> run_device_del(Call& call) {
    const auto id = SISKIN_TRY(call.arguments.take_word());
    if (!id) {
        return fail("device_del: string expected");
    }
    SISKIN_TRY(call.arguments.finish());
    if (const auto removed = call.services.backend.remove_device(*id); !removed) {
        print_error(call, removed.error());
    }
    return {};
}

// Further words are passed over, as QEMU does it.
Result<> run_help(Call& call) {
    const auto word = SISKIN_TRY(call.arguments.take_word());
    if (!word) {
        call.out += help_lines("", command_table());
        return {};
    }
    if (*word != "info") {
        const CommandRow* const row = find_row(command_table(), *word);
        call.out +=
            row == nullptr ? concat("unknown command: '", *word, "'\n") : help_line("", *row);
        return {};
    }
    const auto topic = SISKIN_TRY(call.arguments.take_word());
    if (!topic) {
        call.out += help_lines("info ", info_table());
        return {};
    }
    const CommandRow* const row = find_row(info_table(), *topic);
    call.out += row == nullptr ? concat("unknown command: 'info ", *topic, "'\n")
                               : help_line("info ", *row);
    return {};
}

Result<> run_nmi(Call& call) {
    SISKIN_TRY(call.arguments.finish());
    if (const auto done = call.services.machine.inject_nmi(); !done) {
        print_error(call, done.error());
    }
    return {};
}

Result<> run_screendump(Call& call) {
    const auto filename = SISKIN_TRY(call.arguments.take_word());
    if (!filename) {
        return fail("screendump: filename expected");
    }
    qmp::ScreendumpArguments arguments;
    arguments.filename = *filename;
    if (SISKIN_TRY(call.arguments.take_option('f', "f"))) {
        const auto format = SISKIN_TRY(call.arguments.take_word());
        if (!format) {
            return fail("screendump: value expected for -f");
        }
        if (*format != "ppm" && *format != "png") {
            call.out += concat("Error: invalid parameter value: ", printable(*format), '\n');
            return {};
        }
        arguments.format = *format == "png" ? qmp::ImageFormat::Png : qmp::ImageFormat::Ppm;
    }
    arguments.device = SISKIN_TRY(call.arguments.take_word());
    if (!call.arguments.at_end()) {
        arguments.head = SISKIN_TRY(call.arguments.take_index("head", register_lookup(call)));
    }
    SISKIN_TRY(call.arguments.finish());
    if (const auto done = call.services.machine.screendump(arguments); !done) {
        print_error(call, done.error());
    }
    return {};
}

Result<> run_sendkey(Call& call) {
    if (!SISKIN_TRY(call.arguments.take_word())) {
        return fail("sendkey: string expected");
    }
    call.out += "Error: no key can be sent, as this machine has no keyboard\n";
    return {};
}

}  // namespace siskin::hmp
