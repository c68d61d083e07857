// SPDX-License-Identifier: Apache-2.0
// The handlers of the commands that speak of the protocol itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "qmp/generated/commands.h"

namespace siskin::qmp {

// The QEMU release whose commands, events and types the schema follows.
inline constexpr std::int64_t kLevelMajor = 7;
inline constexpr std::int64_t kLevelMinor = 2;
inline constexpr std::int64_t kLevelMicro = 0;

// What the greeting and query-version say.
[[nodiscard]] VersionInfo version_info(const std::string& package);

// The command group "yank": nothing of siskin's waits for a connection. Any thread.
class YankHandlers final : public YankCommands {
public:
    [[nodiscard]] Result<> yank(const YankArguments& arguments) override;
    [[nodiscard]] Result<std::vector<YankInstance>> query_yank() override;
};

// Thread: VM loop.
class ProtocolHandlers final : public SessionCommands, public IntrospectionCommands {
public:
    // `package` as in Server::create.
    explicit ProtocolHandlers(std::string package) : package_(std::move(package)) {}

    // Reached in a session that has negotiated already, so always an error (QMP spec §4).
    [[nodiscard]] Result<> qmp_capabilities(const QmpCapabilitiesArguments& arguments) override;
    [[nodiscard]] Result<VersionInfo> query_version() override;
    [[nodiscard]] Result<std::vector<CommandInfo>> query_commands() override;
    [[nodiscard]] Result<JsonText> query_qmp_schema() override;

private:
    std::string package_;
};

}  // namespace siskin::qmp
