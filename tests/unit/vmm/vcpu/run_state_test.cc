// SPDX-License-Identifier: Apache-2.0
// Proves vmm/vcpu/run_state.
#include "vmm/vcpu/run_state.h"

#include <doctest/doctest.h>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

TEST_SUITE("vmm/vcpu/run_state") {
    TEST_CASE("a machine that ended or failed runs again only through a reset") {
        CHECK_FALSE(may_change(RunState::Shutdown, RunState::Running));
        CHECK_FALSE(may_change(RunState::InternalError, RunState::Running));
        CHECK(may_change(RunState::Shutdown, RunState::Prelaunch));
        CHECK(may_change(RunState::InternalError, RunState::Prelaunch));
        CHECK(needs_reset(RunState::Shutdown));
        CHECK(needs_reset(RunState::InternalError));
        CHECK_FALSE(needs_reset(RunState::Paused));
    }

    TEST_CASE("stop and cont go back and forth") {
        CHECK(may_change(RunState::Prelaunch, RunState::Running));
        CHECK(may_change(RunState::Running, RunState::Paused));
        CHECK(may_change(RunState::Paused, RunState::Running));
        CHECK_FALSE(may_change(RunState::Prelaunch, RunState::Paused));
    }

    TEST_CASE("a reset that fails ends in internal-error from every state") {
        for (const RunState state :
             {RunState::Prelaunch, RunState::Running, RunState::Paused, RunState::Shutdown}) {
            CAPTURE(run_state_name(state));
            CHECK(may_change(state, RunState::InternalError));
        }
    }

    TEST_CASE("a disk's error stops the machine, which cont lets go on and a reset ends (B06)") {
        CHECK(may_change(RunState::Running, RunState::IoError));
        CHECK(may_change(RunState::IoError, RunState::Running));
        CHECK(may_change(RunState::IoError, RunState::Prelaunch));
        CHECK(may_change(RunState::IoError, RunState::InternalError));
        CHECK_FALSE(may_change(RunState::Paused, RunState::IoError));
        CHECK_FALSE(needs_reset(RunState::IoError));
        CHECK(run_state_name(RunState::IoError) == "io-error");
    }

    TEST_CASE("names are those of query-status") {
        CHECK(run_state_name(RunState::Prelaunch) == "prelaunch");
        CHECK(run_state_name(RunState::InternalError) == "internal-error");
    }
}
