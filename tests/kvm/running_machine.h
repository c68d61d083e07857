// SPDX-License-Identifier: Apache-2.0
// Starts the program under test within a doctest case: what does not start fails the case.
#pragma once

#include <optional>
#include <string>

#include "tests/harness/child_process.h"
#include "tests/harness/qmp_client.h"
#include "tests/kvm/machine_under_test.h"

namespace siskin::test {

// The running program; the test fails when it does not start.
[[nodiscard]] ChildProcess start(const MachineArguments& arguments);
// Started, negotiated.
[[nodiscard]] QmpClient connect(const std::string& socket_path, ChildProcess& process);

// A guest that checks itself: the exit status and whole output of a run to its end.
struct GuestRun {
    std::optional<int> status;
    std::string output;
    std::string errors;
};
[[nodiscard]] GuestRun run(const MachineArguments& arguments, Milliseconds limit = kPatience);

// Linux frees what an io_uring holds, the locked file too, some milliseconds after its process has
// ended: requests may still be under way.
void wait_for_locks(const std::string& image);

}  // namespace siskin::test
