// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/numa and vmm/machine/numa_options.
#include "vmm/machine/numa.h"

#include <doctest/doctest.h>

#include <initializer_list>

namespace siskin {
namespace {

using Cpus = std::vector<std::uint32_t>;

// Two sockets of two cores.
constexpr CpuTopology kFour{2, 1, 2, 1};

Result<NumaTopology> plan(std::initializer_list<std::string_view> arguments) {
    NumaOptions options;
    for (const std::string_view argument : arguments) {
        SISKIN_TRY(add_numa(options, argument));
    }
    return plan_numa(options, kFour);
}

NumaTopology planned(std::initializer_list<std::string_view> arguments) {
    auto numa = plan(arguments);
    REQUIRE_MESSAGE(numa.has_value(), numa.error().message);
    return *std::move(numa);
}

std::string refusal(std::initializer_list<std::string_view> arguments) {
    const auto numa = plan(arguments);
    return numa ? "fine" : numa.error().message;
}

}  // namespace

TEST_SUITE("vmm/machine/numa") {
    TEST_CASE("without -numa there are no nodes") {
        CHECK(planned({}).nodes.empty());
    }

    TEST_CASE("nodes have the vCPUs that are named, in ranges and more than once") {
        const NumaTopology numa =
            planned({"node,nodeid=1,cpus=0-1,cpus=3,memdev=b", "node,cpus=2,nodeid=0,memdev=a"});

        REQUIRE(numa.nodes.size() == 2);
        CHECK(numa.nodes[0].cpus == Cpus{2});
        CHECK(numa.nodes[0].memdev == "a");
        CHECK(numa.nodes[1].cpus == Cpus{0, 1, 3});
        CHECK(numa.node_of(3) == 1);
        CHECK(numa.node_of(2) == 0);
    }

    TEST_CASE("vCPUs that nobody names follow their sockets") {
        const NumaTopology numa = planned({"node", "node"});

        CHECK(numa.nodes[0].cpus == Cpus{0, 1});
        CHECK(numa.nodes[1].cpus == Cpus{2, 3});
    }

    TEST_CASE("where some are named the others go to node 0") {
        const NumaTopology numa = planned({"node", "node,cpus=1"});

        CHECK(numa.nodes[0].cpus == Cpus{0, 2, 3});
        CHECK(numa.nodes[1].cpus == Cpus{1});
    }

    TEST_CASE("-numa cpu names vCPUs by their place") {
        const NumaTopology numa =
            planned({"node", "node", "cpu,node-id=1,socket-id=0", "cpu,node-id=0,socket-id=1"});

        CHECK(numa.nodes[1].cpus == Cpus{0, 1});
        CHECK(numa.nodes[0].cpus == Cpus{2, 3});
    }

    TEST_CASE("what cannot be is refused in QEMU's words") {
        CHECK(refusal({"node,nodeid=1"}) == "-numa node,nodeid=1: numa: Node ID missing: 0");
        CHECK(refusal({"node", "node,nodeid=0"}) ==
              "-numa node,nodeid=0: Duplicate NUMA nodeid: 0");
        CHECK(refusal({"node,cpus=4"}) ==
              "-numa node,cpus=4: CPU index (4) should be smaller than maxcpus (4)");
        CHECK(refusal({"node,cpus=0-1", "node,cpus=1"}) ==
              "-numa node,cpus=1: CPU is already assigned to node-id: 0");
        CHECK(refusal({"cpu,node-id=0,socket-id=0"})
                  .starts_with("-numa cpu,node-id=0,socket-id=0: Invalid node-id=0"));
        CHECK(refusal({"node", "cpu,node-id=0,socket-id=9"}) ==
              "-numa cpu,node-id=0,socket-id=9: no match found");
        CHECK(refusal({"cpu,socket-id=0"}) == "Parameter 'node-id' is missing");
        CHECK(refusal({"node,mem=64M"})
                  .starts_with("Parameter -numa node,mem is not supported by this machine type"));
        CHECK(refusal({"bogus"}) ==
              "Parameter 'type' does not accept value 'bogus', allowed are node, dist and cpu");
        CHECK(refusal({"node,initiator=0"}).starts_with("Invalid parameter 'initiator'"));
        CHECK(refusal({"node,nodeid=128"}).starts_with("Parameter 'nodeid' doesn't take value"));
        CHECK(refusal({"node,cpus=3-1"}).starts_with("Parameter 'cpus' doesn't take value"));
    }

    TEST_CASE("one direction of a distance stands for both, unless some differ") {
        const NumaTopology numa = planned({"node", "node", "dist,src=0,dst=1,val=15"});

        CHECK(numa.distances == std::vector<std::uint8_t>{10, 15, 15, 10});
        CHECK(planned({"node", "node", "dist,src=0,dst=1,val=15", "dist,src=1,dst=0,val=20"})
                  .distances == std::vector<std::uint8_t>{10, 15, 20, 10});
        CHECK(planned({"node", "node"}).distances.empty());
    }

    TEST_CASE("distances that are too short, missing or one-sided are refused") {
        CHECK(refusal({"node", "node", "dist,src=0,dst=1,val=5"})
                  .ends_with("NUMA distance (5) is invalid, it shouldn't be less than 10."));
        CHECK(refusal({"node", "dist,src=0,dst=0,val=15"})
                  .ends_with("Local distance of node 0 should be 10."));
        CHECK(refusal({"node", "dist,src=0,dst=2,val=15"}).find("NUMA node is missing") !=
              std::string::npos);
        CHECK(refusal({"node", "dist,src=0,dst=0"}) == "Parameter 'val' is missing");
        CHECK(refusal({"node", "node", "node", "dist,src=0,dst=1,val=15"})
                  .starts_with("The distance between node 0 and 2 is missing"));
        CHECK(refusal({"node", "node", "node", "dist,src=0,dst=1,val=15", "dist,src=1,dst=0,val=16",
                       "dist,src=0,dst=2,val=20", "dist,src=1,dst=2,val=20"})
                  .starts_with("At least one asymmetrical pair of distances is given"));
    }
}

}  // namespace siskin
