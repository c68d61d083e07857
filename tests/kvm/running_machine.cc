// SPDX-License-Identifier: Apache-2.0
// Starts the program under test within a doctest case.
#include "tests/kvm/running_machine.h"

#include <utility>

#include <doctest/doctest.h>

#include "tests/harness/wait_for_locks.h"

namespace siskin::test {

ChildProcess start(const MachineArguments& arguments) {
    Result<ChildProcess> process = ChildProcess::start(arguments.list());
    REQUIRE_MESSAGE(process.has_value(), "the program under test starts");
    return std::move(*process);
}

QmpClient connect(const std::string& socket_path, ChildProcess& process) {
    Result<QmpClient> client = QmpClient::connect(socket_path, process);
    REQUIRE_MESSAGE(client.has_value(), client.error().message);
    return std::move(*client);
}

GuestRun run(const MachineArguments& arguments, Milliseconds limit) {
    ChildProcess process = start(arguments);
    const std::optional<int> status = process.wait_for_end(limit);
    return GuestRun{status, process.output(), process.errors()};
}

void wait_for_locks(const std::string& image) {
    REQUIRE(wait_for_locks_of(image));
}

}  // namespace siskin::test
