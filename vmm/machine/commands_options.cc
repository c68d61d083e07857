// SPDX-License-Identifier: Apache-2.0
// The options of the command line over QMP.
#include "vmm/machine/commands_options.h"

#include "base/object/codec.h"
#include "base/text.h"
#include "vmm/machine/command_line.h"
#include "vmm/machine/option_tables.h"

namespace siskin {
namespace {

using qmp::CommandLineParameterType;

CommandLineParameterType type_of(const PropertyRow& row) {
    if (row.type_name == Codec<bool>::type_name) {
        return CommandLineParameterType::Boolean;
    }
    if (row.type_name == Codec<ByteCount>::type_name) {
        return CommandLineParameterType::Size;
    }
    const bool is_number = row.type_name.starts_with("uint") || row.type_name.starts_with("int");
    return is_number ? CommandLineParameterType::Number : CommandLineParameterType::String;
}

// QEMU calls the list of keys behind -smp and -boot "smp-opts" and so on.
std::string name_of(const OptionDescription& option) {
    return option.name == "smp" ? "smp-opts" : std::string(option.name);
}

}  // namespace

Result<std::vector<qmp::CommandLineOptionInfo>> OptionsHandlers::query_command_line_options(
    const qmp::QueryCommandLineOptionsArguments& arguments) {
    std::vector<qmp::CommandLineOptionInfo> infos;
    for (const OptionDescription& option : describe_options()) {
        qmp::CommandLineOptionInfo info;
        info.option = name_of(option);
        for (const PropertyRow& row : option_keys(option.name)) {
            qmp::CommandLineParameterInfo parameter;
            parameter.name = row.name;
            parameter.type = type_of(row);
            parameter.help = std::string(row.description);
            info.parameters.push_back(std::move(parameter));
        }
        if (!arguments.option || *arguments.option == info.option) {
            infos.push_back(std::move(info));
        }
    }
    if (infos.empty()) {
        return fail(concat("invalid option name: ", printable(arguments.option.value_or(""))));
    }
    return infos;
}

}  // namespace siskin
