// SPDX-License-Identifier: Apache-2.0
// Proves vmm/kvm/cpuid and cpu_features.
#include "vmm/kvm/cpuid.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

using namespace siskin;  // NOLINT(google-build-using-namespace): a test file

namespace {

kvm_cpuid_entry2 entry(std::uint32_t function, std::uint32_t index = 0) {
    kvm_cpuid_entry2 made{};
    made.function = function;
    made.index = index;
    return made;
}

std::vector<kvm_cpuid_entry2> host_table() {
    std::vector<kvm_cpuid_entry2> table{entry(0x1),        entry(0x7),       entry(0xb),
                                        entry(0xb, 1),     entry(0x1f),      entry(0x40000000),
                                        entry(0x40000001), entry(0x8000001e)};
    table[0].ecx = 1U << 23U;  // popcnt
    table[0].ebx = 0xff123456;
    return table;
}

const kvm_cpuid_entry2* find(const std::vector<kvm_cpuid_entry2>& table, std::uint32_t function,
                             std::uint32_t index = 0) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const auto& candidate) {
        return candidate.function == function && candidate.index == index;
    });
    return found == table.end() ? nullptr : &*found;
}

}  // namespace

TEST_SUITE("vmm/kvm/cpuid") {
    TEST_CASE("leaf 1 holds the vCPU's own APIC ID and the hypervisor bit") {
        const auto table = make_cpuid(host_table(), {}, CpuTopology{1, 1, 2, 1}, 1);

        REQUIRE(table.has_value());
        const auto* const leaf = find(*table, 1);
        REQUIRE(leaf != nullptr);
        CHECK(leaf->ebx == 0x01023456);
        CHECK((leaf->ecx >> 31U) == 1);
    }

    TEST_CASE("leaf 0xb tells threads and package, leaf 0x1f is left out") {
        const auto table = make_cpuid(host_table(), {}, CpuTopology{2, 1, 2, 2}, 5);

        REQUIRE(table.has_value());
        REQUIRE(find(*table, 0xb, 1) != nullptr);
        CHECK(find(*table, 0xb, 0)->eax == 1);
        CHECK(find(*table, 0xb, 0)->ebx == 2);
        CHECK(find(*table, 0xb, 1)->eax == 2);
        CHECK(find(*table, 0xb, 1)->ebx == 4);
        CHECK(find(*table, 0xb, 1)->edx == 5);
        CHECK(find(*table, 0x1f) == nullptr);
    }

    TEST_CASE("a feature turned off is gone, and one the host lacks cannot be turned on") {
        CpuOptions off;
        off.features["popcnt"] = false;
        CpuOptions on;
        on.features["aes"] = true;

        const auto without = make_cpuid(host_table(), off, CpuTopology{}, 0);
        const auto refused = make_cpuid(host_table(), on, CpuTopology{}, 0);

        REQUIRE(without.has_value());
        CHECK((find(*without, 1)->ecx & (1U << 23U)) == 0);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message == "CPU feature 'aes' is not to be had on this host");
    }

    TEST_CASE("kvm=off hides the hypervisor's leaves") {
        CpuOptions options;
        options.expose_kvm = false;

        const auto table = make_cpuid(host_table(), options, CpuTopology{}, 0);

        REQUIRE(table.has_value());
        CHECK(find(*table, 0x40000000) == nullptr);
        CHECK(find(*table, 0x40000001) == nullptr);
    }

    TEST_CASE("the AMD topology leaf tells core, threads a core and socket") {
        const auto table = make_cpuid(host_table(), {}, CpuTopology{2, 1, 2, 2}, 6);

        REQUIRE(table.has_value());
        CHECK(find(*table, 0x8000001e)->eax == 6);
        CHECK(find(*table, 0x8000001e)->ebx == 0x101);
        CHECK(find(*table, 0x8000001e)->ecx == 1);
    }
}

TEST_SUITE("vmm/kvm/cpu_features") {
    TEST_CASE("no two features share a name or a bit") {
        std::set<std::string> names;
        std::set<std::tuple<std::uint32_t, std::uint32_t, int, int>> bits;

        for (const CpuFeature& feature : cpu_features()) {
            names.insert(std::string(feature.name));
            bits.insert(
                {feature.leaf, feature.subleaf, static_cast<int>(feature.output), feature.bit});
        }

        CHECK(names.size() == cpu_features().size());
        CHECK(bits.size() == cpu_features().size());
    }

    TEST_CASE("an underscore in a name counts as a dash") {
        REQUIRE(find_cpu_feature("lahf_lm") != nullptr);
        CHECK(find_cpu_feature("lahf_lm") == find_cpu_feature("lahf-lm"));
        CHECK(find_cpu_feature("no-such") == nullptr);
    }
}
