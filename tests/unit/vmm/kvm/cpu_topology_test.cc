// SPDX-License-Identifier: Apache-2.0
// Proves vmm/kvm/cpu_topology.
#include "vmm/kvm/cpu_topology.h"

#include <doctest/doctest.h>

#include <set>

using siskin::CpuTopology;

TEST_SUITE("vmm/kvm/cpu_topology") {
    TEST_CASE("powers of two number APIC IDs without gaps") {
        const CpuTopology topology{2, 1, 2, 2};

        CHECK(topology.count() == 8);
        CHECK(topology.apic_id(0) == 0);
        CHECK(topology.apic_id(3) == 3);
        CHECK(topology.apic_id(7) == 7);
    }

    TEST_CASE("three cores leave a gap before the next socket (Intel SDM volume 3, 9.9.1)") {
        const CpuTopology topology{2, 1, 3, 1};

        CHECK(topology.apic_id(2) == 2);
        CHECK(topology.apic_id(3) == 4);
    }

    TEST_CASE("every vCPU of an odd topology has an APIC ID of its own") {
        const CpuTopology topology{3, 2, 5, 3};
        std::set<std::uint32_t> ids;

        for (std::uint32_t index = 0; index < topology.count(); ++index) {
            ids.insert(topology.apic_id(index));
        }

        CHECK(ids.size() == topology.count());
    }

    TEST_CASE("a place counts threads fastest, then cores, dies, sockets") {
        const CpuTopology topology{2, 2, 3, 2};

        const CpuTopology::Place place = topology.place(12 + 6 + 2 + 1);

        CHECK(place.socket == 1);
        CHECK(place.die == 1);
        CHECK(place.core == 1);
        CHECK(place.thread == 1);
    }
}
