// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/block_errors.
#include "vmm/machine/block_errors.h"

#include <doctest/doctest.h>

#include <cerrno>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

constexpr BlockError kReported{true, BlockErrorAction::Report, EIO};
constexpr BlockError kStopped{false, BlockErrorAction::Stop, ENOSPC};

}  // namespace

TEST_SUITE("vmm/machine/block_errors") {
    TEST_CASE("what disks report is taken once, in order, with their names") {
        const auto errors = *BlockErrors::create();
        const auto first = errors->sink("d0", "n0", true);
        const auto second = errors->sink("", "n1", false);
        first->on_block_error(kStopped);
        second->on_block_error(kReported);

        const BlockErrors::Taken taken = errors->take();

        CHECK(taken.stop);
        REQUIRE(taken.reports.size() == 2);
        CHECK(taken.reports[0].device == "d0");
        CHECK(taken.reports[0].node_name == "n0");
        CHECK(taken.reports[0].may_stop);
        CHECK(taken.reports[0].error.error_number == ENOSPC);
        CHECK(taken.reports[1].node_name == "n1");
        CHECK(taken.reports[1].error.is_read);
        CHECK_FALSE(errors->take().stop);
        CHECK(errors->take().reports.empty());
    }

    TEST_CASE("a guest that makes errors without end fills nothing (Q10, V13)") {
        const auto errors = *BlockErrors::create();
        const auto sink = errors->sink("", "n", true);
        for (int count = 0; count < 100'000; ++count) {
            sink->on_block_error(kReported);
        }
        // The loop may see a second end, once or twice.
        CHECK(errors->take().reports.size() <= 3 * BlockErrors::kReportsASecondMax);
    }

    TEST_CASE("that the machine has to stop is never dropped (B06)") {
        const auto errors = *BlockErrors::create();
        const auto sink = errors->sink("", "n", true);
        for (std::size_t count = 0; count < 2 * BlockErrors::kReportsMax; ++count) {
            sink->on_block_error(kReported);
            errors->sink("", "other", false)->on_block_error(kReported);
        }
        sink->on_block_error(kStopped);

        const BlockErrors::Taken taken = errors->take();

        CHECK(taken.stop);
        CHECK(taken.reports.size() == BlockErrors::kReportsMax);
    }
}
