// SPDX-License-Identifier: Apache-2.0
// query-version, query-commands, query-qmp-schema, and qmp_capabilities out of turn.
#include "qmp/protocol_handlers.h"

namespace siskin::qmp {

VersionInfo version_info(const std::string& package) {
    return VersionInfo{VersionTriple{kLevelMajor, kLevelMinor, kLevelMicro}, package};
}

Result<> ProtocolHandlers::qmp_capabilities(const QmpCapabilitiesArguments&) {
    return fail(ErrorClass::CommandNotFound,
                "Capabilities negotiation is already complete, command ignored");
}

Result<VersionInfo> ProtocolHandlers::query_version() {
    return version_info(package_);
}

Result<std::vector<CommandInfo>> ProtocolHandlers::query_commands() {
    std::vector<CommandInfo> out;
    for (const CommandRow& row : command_table()) {
        out.push_back(CommandInfo{std::string(row.name)});
    }
    return out;
}

Result<JsonText> ProtocolHandlers::query_qmp_schema() {
    return JsonText{std::string(schema_text())};
}

Result<> YankHandlers::yank(const YankArguments& arguments) {
    if (!arguments.instances.empty()) {
        return fail(ErrorClass::DeviceNotFound, "Instance not found");
    }
    return {};
}

Result<std::vector<YankInstance>> YankHandlers::query_yank() {
    return std::vector<YankInstance>();
}

}  // namespace siskin::qmp
