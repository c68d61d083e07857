// SPDX-License-Identifier: Apache-2.0
// Proves devices/block/block_on_error.
#include "devices/block/block_on_error.h"

#include <doctest/doctest.h>

namespace siskin {

using enum BlockOnError;
using Action = BlockErrorAction;

TEST_SUITE("devices/block/block_on_error") {
    TEST_CASE("each policy has its name, and no other name has a policy") {
        for (const BlockOnError policy : {Auto, Report, Ignore, Enospc, Stop}) {
            CHECK(parse_on_error(on_error_name(policy)) == policy);
        }
        CHECK_FALSE(parse_on_error("").has_value());
        CHECK_FALSE(parse_on_error("STOP").has_value());
    }

    TEST_CASE("what is done follows the policy, the direction and the error (B06)") {
        struct Row {
            BlockOnError policy;
            bool is_read;
            int error;
            Action expected;
        };
        for (const Row& row : {
                 Row{Report, false, ENOSPC, Action::Report},
                 Row{Ignore, false, EIO, Action::Ignore},
                 Row{Stop, true, EIO, Action::Stop},
                 Row{Stop, false, ENOSPC, Action::Stop},
                 Row{Enospc, false, ENOSPC, Action::Stop},
                 Row{Enospc, false, EIO, Action::Report},
                 Row{Enospc, false, EDQUOT, Action::Report},
                 Row{Auto, false, ENOSPC, Action::Stop},
                 Row{Auto, false, EIO, Action::Report},
                 Row{Auto, true, ENOSPC, Action::Report},
             }) {
            CAPTURE(on_error_name(row.policy));
            CHECK(error_action(row.policy, row.is_read, row.error) == row.expected);
        }
    }
}

}  // namespace siskin
