// SPDX-License-Identifier: Apache-2.0
// Proves vmm/hmp/info_stats.
#include "vmm/hmp/commands.h"

#include <doctest/doctest.h>

#include "tests/unit/vmm/hmp/monitor_bench.h"

namespace siskin::hmp {

TEST_SUITE("vmm/hmp/info_stats") {
    TEST_CASE("values are shown with what they mean") {
        MonitorBench monitor;

        CHECK(monitor.run("info stats vm") == "provider: kvm\r\n    pages (peak, MiB): 3\r\n");
        CHECK(monitor.run("info stats vcpu *") ==
              "provider: kvm\r\n"
              "    exits (cumulative): 7\r\n"
              "    blocking (instant): yes\r\n"
              "    waits (linear-histogram, ns, bucket size=100): [1]=5 [3]=1\r\n"
              "    unheard_of: 1\r\n");
    }

    TEST_CASE("what there is not is said") {
        MonitorBench monitor;

        CHECK(monitor.run("info stats") ==
              "stats: string expected\r\nTry \"help info stats\" for more information\r\n");
        CHECK(monitor.run("info stats foo") == "invalid stats target foo\r\n");
        CHECK(monitor.run("info stats vm * bogus") == "invalid stats provider bogus\r\n");
    }
}

}  // namespace siskin::hmp
