// SPDX-License-Identifier: Apache-2.0
// Completion scripts for bash, from the tables of options, devices and commands.
#include <vector>

#include "base/text.h"
#include "qmp/command.h"
#include "tools/reference/pages.h"
#include "vmm/machine/command_line.h"
#include "vmm/machine/device_catalog.h"

namespace siskin::reference {
namespace {

constexpr std::string_view kHead =
    "# SPDX-License-Identifier: Apache-2.0\n"
    "# Written by siskin_reference from the program's own tables; do not edit it here.\n"
    "# shellcheck shell=bash\n";

// Options whose whole argument is a file.
constexpr std::string_view kFileOptions = "-kernel|-initrd|-pidfile|-D";

std::string words(const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& word : list) {
        text += concat("    ", word, '\n');
    }
    return text;
}

}  // namespace

std::string siskin_completion() {
    std::vector<std::string> options;
    for (const OptionDescription& option : describe_options()) {
        options.push_back(concat('-', option.name));
    }
    std::vector<std::string> devices;
    for (const CatalogRow& row : device_catalog()) {
        devices.emplace_back(row.type->name);
    }
    return concat(
        kHead, "_siskin_options='\n", words(options), "'\n_siskin_devices='\n", words(devices),
        "'\n\n_siskin() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} from\n"
        "    case ${before/#--/-} in\n"
        "    ",
        kFileOptions,
        ") mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n"
        "    -device) from=\"help $_siskin_devices\" ;;\n"
        "    -machine | -M) from='q35 help' ;;\n"
        "    -accel) from='kvm help' ;;\n"
        "    -cpu) from='host max help' ;;\n"
        "    -display | -vga) from=none ;;\n"
        "    *) from=$_siskin_options ;;\n"
        "    esac\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$from\" -- \"$word\")\n"
        "}\n"
        "complete -o nospace -F _siskin siskin\n");
}

std::string siskin_qmp_completion() {
    std::vector<std::string> commands;
    for (const qmp::CommandRow& row : qmp::command_table()) {
        commands.emplace_back(row.name);
    }
    return concat(
        kHead, "_siskin_qmp_commands='\n", words(commands),
        "'\n\n_siskin_qmp() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]}\n"
        "    if [ \"$COMP_CWORD\" -le 1 ]; then\n"
        "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
        "    else\n"
        "        mapfile -t COMPREPLY < <(compgen -W \"$_siskin_qmp_commands\" -- \"$word\")\n"
        "    fi\n"
        "}\n"
        "complete -o default -F _siskin_qmp siskin-qmp qmp_shell\n");
}

}  // namespace siskin::reference
