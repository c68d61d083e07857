// SPDX-License-Identifier: Apache-2.0
// Proves devices/memory/memory_config.
#include "devices/memory/memory_config.h"

#include <doctest/doctest.h>

#include <functional>

namespace siskin {
namespace {

MemoryBackendConfig sized(std::uint64_t size) {
    MemoryBackendConfig config;
    config.size = ByteCount{size};
    return config;
}

std::string refusal(MemoryBackendKind kind, const MemoryBackendConfig& config) {
    const auto checked = check_memory_config(kind, config);
    return checked ? "fine" : checked.error().message;
}

std::string refusal_with(const std::function<void(MemoryBackendConfig&)>& change) {
    MemoryBackendConfig config = sized(kMiB);
    config.mem_path = "/f";
    change(config);
    return refusal(MemoryBackendKind::File, config);
}

}  // namespace

TEST_SUITE("devices/memory/memory_config") {
    TEST_CASE("a size is whole pages and not nothing, in QEMU's words") {
        CHECK(refusal(MemoryBackendKind::Ram, sized(4096)) == "fine");
        CHECK(refusal(MemoryBackendKind::Ram, {}) == "Parameter 'size' is missing");
        CHECK(refusal(MemoryBackendKind::Ram, sized(0)) ==
              "property 'size' of memory-backend-ram doesn't take value '0'");
        CHECK(refusal(MemoryBackendKind::Memfd, sized(4097)) ==
              "property 'size' of memory-backend-memfd doesn't take value '4097', allowed are "
              "multiples of the page, 4096");
    }

    TEST_CASE("options that contradict each other are refused before anything is opened") {
        using C = MemoryBackendConfig;
        CHECK(refusal_with([](C&) {}) == "fine");
        CHECK(refusal_with([](C& c) { c.mem_path.clear(); }) == "Parameter 'mem-path' is missing");
        CHECK(refusal_with([](C& c) { c.policy = HostMemPolicy::Bind; }) ==
              "host-nodes must be set for policy bind");
        CHECK(refusal_with([](C& c) {
                  c.host_nodes.numbers = {0};
              }).starts_with("host-nodes must be empty for policy default"));
        CHECK(refusal_with([](C& c) { c.prealloc = true, c.reserve = false; }) ==
              "'prealloc=on' and 'reserve=off' are incompatible");
        CHECK(refusal_with([](C& c) { c.prealloc = true, c.readonly = true; }) ==
              "'prealloc=on' and 'readonly=on' are incompatible");
        CHECK(refusal_with([](C& c) { c.prealloc_threads = 0; }) ==
              "property 'prealloc-threads' of memory-backend-file doesn't take value '0', allowed "
              "is 1 to 256");
        CHECK(refusal_with([](C& c) { c.align = ByteCount{3000}; }) ==
              "alignment 0xbb8 must be multiples of page size 0x1000");
        CHECK(refusal_with([](C& c) { c.align = ByteCount{3 * 4096}; }) ==
              "alignment 0x3000 is not allowed, only powers of two up to 0x40000000");
        CHECK(refusal_with([](C& c) {
                  c.hugetlb = true, c.hugetlbsize = ByteCount{3 * kMiB};
              }).starts_with("Hugepage size must be a power of 2"));
        CHECK(refusal_with([](C& c) { c.hugetlbsize = ByteCount{2 * kMiB}; }) ==
              "hugetlbsize is given without hugetlb=on");
    }

    TEST_CASE("persistent memory is refused by its name") {
        CHECK(refusal_with([](MemoryBackendConfig& c) {
                  c.pmem = true;
              }).starts_with("property 'pmem' of memory-backend-file doesn't take value 'on'"));
    }

    TEST_CASE("host-nodes is a number, a range, or a list of both") {
        using Nodes = Codec<HostNodes>;
        CHECK(Nodes::parse(Value("3"), {})->numbers == std::vector<std::uint16_t>{3});
        CHECK(Nodes::parse(Value("0-2"), {})->numbers == std::vector<std::uint16_t>{0, 1, 2});
        CHECK(Nodes::parse(Value(Value::List{4, "1-2"}), {})->numbers ==
              std::vector<std::uint16_t>{1, 2, 4});
        CHECK(Nodes::parse(Value("127"), {}).has_value());
        CHECK_FALSE(Nodes::parse(Value("128"), {}).has_value());
        CHECK_FALSE(Nodes::parse(Value("2-1"), {}).has_value());
        CHECK(Nodes::print(HostNodes{{1, 2}}) == Value(Value::List{1, 2}));
    }

    TEST_CASE("a policy is one of four names") {
        CHECK(Codec<HostMemPolicy>::parse(Value("interleave"), {}) == HostMemPolicy::Interleave);
        CHECK_FALSE(Codec<HostMemPolicy>::parse(Value("bogus"), {}).has_value());
        CHECK(Codec<HostMemPolicy>::print(HostMemPolicy::Preferred) == Value("preferred"));
    }
}

}  // namespace siskin
