// SPDX-License-Identifier: Apache-2.0
// Descriptors: open files that clients have passed, by name for one monitor and in sets for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/fd_sets.h"
#include "base/result.h"
#include "qmp/generated/commands.h"

namespace siskin::qmp {

// Which monitor a command came by; the server's index of the endpoint. Names outlive a client: they
// are the monitor's.
using MonitorIndex = std::size_t;

// The command group "fd". The dispatcher tells which monitor's command is about to run and what was
// passed along with it. Thread: VM loop.
class Descriptors final : public FdCommands {
public:
    // Kept in all, named and in sets.
    static constexpr std::size_t kDescriptorsMax = 256;

    // `sets` outlives this; its own where it is left out.
    explicit Descriptors(FdSets* sets = nullptr) : sets_(sets != nullptr ? *sets : own_sets_) {}

    void begin_command(MonitorIndex monitor, Fd passed);
    // Closes what the command did not take.
    void end_command() { passed_.reset(); }

    // For commands that refer to a descriptor by the name it has in their monitor; it is theirs
    // then. Error: "File descriptor named 'x' has not been found".
    [[nodiscard]] Result<Fd> take(std::string_view name);

    [[nodiscard]] Result<> getfd(const GetfdArguments& arguments) override;
    [[nodiscard]] Result<> closefd(const ClosefdArguments& arguments) override;
    [[nodiscard]] Result<AddfdInfo> add_fd(const AddFdArguments& arguments) override;
    [[nodiscard]] Result<> remove_fd(const RemoveFdArguments& arguments) override;
    [[nodiscard]] Result<std::vector<FdsetInfo>> query_fdsets() override;

private:
    using Name = std::pair<MonitorIndex, std::string>;

    [[nodiscard]] Result<Fd> take_passed();
    [[nodiscard]] Result<> check_room() const;

    MonitorIndex monitor_ = 0;  // of the command that runs
    Fd passed_;
    std::map<Name, Fd> named_;
    FdSets own_sets_;
    FdSets& sets_;
};

}  // namespace siskin::qmp
