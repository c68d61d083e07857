// SPDX-License-Identifier: Apache-2.0
// Proves vmm/machine/ram_plan.
#include "vmm/machine/ram_plan.h"

#include <doctest/doctest.h>

#include <array>
#include <initializer_list>
#include <variant>

#include "pci/vga.h"
#include "vmm/machine/command_line.h"

namespace siskin {
namespace {

MachineConfig config_of(std::initializer_list<std::string_view> arguments) {
    const std::vector<std::string_view> copy(arguments);
    auto parsed = parse_command_line(copy);
    REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message);
    return std::get<MachineConfig>(*std::move(parsed));
}

Result<RamPlan> plan(const MachineConfig& config) {
    std::vector<PlannedObject> objects;
    for (const OptionUse& use : config.objects) {
        objects.push_back(SISKIN_TRY(plan_object(with_memory_defaults(config, use.members))));
    }
    return plan_ram(config, objects);
}

std::string refusal(std::initializer_list<std::string_view> arguments) {
    const auto planned = plan(config_of(arguments));
    return planned ? "fine" : planned.error().message;
}

constexpr std::string_view kA = "memory-backend-ram,id=a,size=64M";
constexpr std::string_view kB = "memory-backend-ram,id=b,size=64M";

}  // namespace

TEST_SUITE("vmm/machine/ram_plan") {
    TEST_CASE("without a word of it RAM is a back end of its own, pc.ram") {
        const auto planned = plan(config_of({"-m", "64", "-mem-prealloc"}));

        REQUIRE(planned.has_value());
        CHECK(planned->backends == std::vector<std::string>{"pc.ram"});
        REQUIRE(planned->own.size() == 1);
        CHECK(planned->own.front().type->name == "memory-backend-ram");
        const auto* config =
            static_cast<const MemoryBackendConfig*>(planned->own.front().config.get());
        CHECK(config->size == ByteCount{64 * kMiB});
        CHECK(config->prealloc);
    }

    TEST_CASE("-mem-path makes it a file's") {
        const auto planned = plan(config_of({"-mem-path", "/dev/shm"}));

        REQUIRE(planned.has_value());
        CHECK(planned->own.front().type->name == "memory-backend-file");
    }

    TEST_CASE("-machine memory-backend= names it, and has the last word on its size") {
        const auto planned = plan(config_of({"-M", "q35,memory-backend=a", "-object", kA}));

        REQUIRE(planned.has_value());
        CHECK(planned->size == ByteCount{64 * kMiB});
        CHECK(planned->own.empty());
        CHECK(refusal({"-M", "q35,memory-backend=a", "-object", kA, "-m", "65"}) ==
              "Machine memory size does not match the size of the memory backend");
        CHECK(refusal({"-M", "q35,memory-backend=x", "-object", kA}) ==
              "Memory backend 'x' not found");
        CHECK(refusal({"-M", "q35,memory-backend=io", "-object", "iothread,id=io"}) ==
              "Memory backend 'io' not found");
        CHECK(refusal({"-M", "q35,memory-backend=a", "-object", kA, "-mem-path", "/f"}) ==
              "'-mem-path' can't be used together with '-machine memory-backend'");
        CHECK(
            refusal({"-M", "q35,memory-backend=s", "-object", "memory-backend-ram,id=s,size=4k"}) ==
            "memory backend 's' has 4096 bytes, allowed for RAM is 2M to 1024G");
    }

    TEST_CASE("nodes have their memory one after another") {
        const auto planned = plan(config_of({"-m", "128", "-object", kA, "-object", kB, "-numa",
                                             "node,memdev=b", "-numa", "node,memdev=a"}));

        REQUIRE(planned.has_value());
        CHECK(planned->backends == std::vector<std::string>{"b", "a"});
        CHECK(planned->numa.nodes[0].size == ByteCount{64 * kMiB});
    }

    TEST_CASE("nodes whose memory is not RAM's are refused in QEMU's words") {
        CHECK(refusal({"-m", "128", "-object", kA, "-numa", "node,memdev=a"}) ==
              "total memory for NUMA nodes (0x4000000) should equal RAM size (0x8000000)");
        CHECK(refusal({"-numa", "node"}) ==
              "total memory for NUMA nodes (0x0) should equal RAM size (0x8000000)");
        CHECK(refusal({"-m", "128", "-object", kA, "-numa", "node,memdev=a", "-numa",
                       "node,memdev=a"}) == "memory backend a can't be used multiple times");
        CHECK(refusal({"-numa", "node,memdev=x"}) == "-numa node: Memory backend 'x' not found");
        CHECK(refusal({"-m", "64", "-M", "q35,memory-backend=a", "-object", kA, "-numa",
                       "node,memdev=a"}) ==
              "'-machine memory-backend' and '-numa memdev' properties are mutually exclusive");
    }

    TEST_CASE("maxmem is no less than RAM; who may grow has a node for it") {
        const auto planned = plan(config_of({"-m", "64,slots=2,maxmem=1G"}));

        REQUIRE(planned.has_value());
        REQUIRE(planned->numa.nodes.size() == 1);
        CHECK(planned->numa.nodes.front().size == ByteCount{64 * kMiB});
        CHECK(plan(config_of({"-m", "64,maxmem=64M"}))->numa.nodes.empty());
        CHECK(refusal({"-m", "64,maxmem=32M"}) ==
              "invalid value of maxmem: maximum memory size (0x2000000) must be at least the "
              "initial memory size (0x4000000)");
    }

    TEST_CASE("-machine has defaults for all memory, which an object may override") {
        const MachineConfig config = config_of({"-M", "q35,dump-guest-core=off,mem-merge=off"});
        const Value::Dict memory{{"qom-type", "memory-backend-ram"}, {"merge", true}};

        const Value::Dict with = with_memory_defaults(config, memory);

        CHECK(*with.find("dump") == Value(false));
        CHECK(*with.find("merge") == Value(true));
        CHECK(with_memory_defaults(config, {{"qom-type", "iothread"}}).size() == 1);
    }

    TEST_CASE("RAM lies around VGA's ranges and is cut at 2 GiB where it would reach ECAM") {
        const std::array sizes{ByteCount{kGiB}, ByteCount{3 * kGiB}};

        const std::vector<RamPart> parts = lay_out_ram(sizes);

        constexpr std::uint64_t kBehindVga = kVgaMemoryBase + kVgaMemorySize;
        REQUIRE(parts.size() == 4);
        CHECK(parts[0].base == GuestAddress{0});
        CHECK(parts[0].size == ByteCount{kVgaMemoryBase});
        CHECK(parts[1].base == GuestAddress{kBehindVga});
        CHECK(parts[1].offset == kBehindVga);
        CHECK(parts[1].size == ByteCount{kGiB - kBehindVga});
        CHECK(parts[2].backend == 1);
        CHECK(parts[2].base == GuestAddress{kGiB});
        CHECK(parts[2].size == ByteCount{kGiB});
        CHECK(parts[3].base == GuestAddress{4 * kGiB});
        CHECK(parts[3].offset == kGiB);
        CHECK(parts[3].size == ByteCount{2 * kGiB});
    }

    TEST_CASE("the tables tell of each node's RAM and of what may be plugged in") {
        MachineConfig config = config_of({"-m", "128M,slots=1,maxmem=1G", "-object", kA, "-object",
                                          kB, "-numa", "node,memdev=a", "-numa", "node,memdev=b"});
        config.numa = plan(config)->numa;

        const auto tables = numa_tables(config);

        REQUIRE(tables.has_value());
        CHECK(tables->node_count == 2);
        REQUIRE(tables->memory.size() == 4);
        CHECK(tables->memory[2].node == 1);
        CHECK(tables->memory[2].base == GuestAddress{64 * kMiB});
        CHECK(tables->memory[3].hot_pluggable);
        CHECK(tables->memory[3].base == GuestAddress{4 * kGiB});
        CHECK(tables->memory[3].size == ByteCount{2 * kGiB - 128 * kMiB});
        CHECK(config.bars_above_4g() == 6 * kGiB);
        CHECK_FALSE(numa_tables(MachineConfig()).has_value());
    }
}

}  // namespace siskin
