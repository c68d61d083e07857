// SPDX-License-Identifier: Apache-2.0
// The options of memory back ends.
#include "devices/memory/memory_config.h"

#include <algorithm>
#include <bit>

#include "base/bits.h"
#include "base/object/number_list.h"
#include "base/text.h"

namespace siskin {
namespace {

using C = MemoryBackendConfig;
constexpr std::uint64_t kPage = 4 * kKiB;

constexpr std::array kCommonRows{
    property<&C::size>("size", "Bytes of memory, whole pages; always to be given."),
    property<&C::share>("share", "Whether writes reach other processes that map it, too."),
    property<&C::prealloc>("prealloc", "Whether the host gives all of it at once."),
    property<&C::prealloc_threads>("prealloc-threads",
                                   "Threads that do so; the host's processors, 16 at most."),
    property<&C::merge>("merge", "Whether the host may merge equal pages (KSM)."),
    property<&C::dump>("dump", "Whether a core dump of siskin holds it."),
    property<&C::host_nodes>("host-nodes", "Nodes of the host it is on: N, N-M, or a list."),
    property<&C::policy>("policy",
                         "How these nodes are used: default, preferred, bind, "
                         "interleave."),
    property<&C::reserve>("reserve", "Whether swap or huge pages are reserved for it."),
    property<&C::canonical_ram_id>("x-use-canonical-path-for-ramblock-id",
                                   "Accepted; siskin does not migrate."),
};

constexpr std::array kMemfdRows{
    property<&C::hugetlb>("hugetlb", "Whether it is of huge pages."),
    property<&C::hugetlbsize>("hugetlbsize", "Their size; the host's default."),
    property<&C::seal>("seal", "Whether nobody may change the size of the file any more."),
};

constexpr std::array kFileRows{
    property<&C::mem_path>("mem-path",
                           "The file, made if there is none, or a folder for a file "
                           "without a name; always to be given."),
    property<&C::align>("align", "Alignment of its addresses in siskin, a power of two."),
    property<&C::discard_data>("discard-data",
                               "Whether its contents are given up in the end, if "
                               "it is shared."),
    property<&C::readonly>("readonly", "Whether the file is only read; not for guest RAM."),
    property<&C::pmem>("pmem", "Only off: there is no persistent memory."),
};

constexpr std::array kRamGroups{group_of_whole(kCommonRows)};
constexpr std::array kMemfdGroups{group_of_whole(kCommonRows), group_of_whole(kMemfdRows)};
constexpr std::array kFileGroups{group_of_whole(kCommonRows), group_of_whole(kFileRows)};

// "property 'size' of memory-backend-ram doesn't take value '0'"
std::string refused(MemoryBackendKind kind, std::string_view property, std::uint64_t value) {
    return concat("property '", property, "' of ", type_name(kind), " doesn't take value '", value,
                  "'");
}

Result<> check_policy(const C& config) {
    const bool is_default = config.policy == HostMemPolicy::Default;
    if (!is_default && config.host_nodes.numbers.empty()) {
        return fail(concat("host-nodes must be set for policy ",
                           kHostMemPolicyNames[static_cast<std::size_t>(config.policy)]));
    }
    if (is_default && !config.host_nodes.numbers.empty()) {
        return fail(
            "host-nodes must be empty for policy default, or you should explicitly specify a "
            "policy other than default");
    }
    return {};
}

Result<> check_pages(const C& config) {
    if (config.hugetlbsize && !config.hugetlb) {
        return fail("hugetlbsize is given without hugetlb=on");
    }
    if (config.hugetlbsize && !std::has_single_bit(config.hugetlbsize->value())) {
        return fail(
            concat("Hugepage size must be a power of 2, not ", config.hugetlbsize->value()));
    }
    if (config.align && (config.align->value() == 0 || config.align->value() % kPage != 0)) {
        return fail(concat("alignment ", hex(config.align->value()),
                           " must be multiples of page size ", hex(kPage)));
    }
    constexpr std::uint64_t kAlignMax = kGiB;
    if (config.align &&
        (!std::has_single_bit(config.align->value()) || config.align->value() > kAlignMax)) {
        return fail(concat("alignment ", hex(config.align->value()),
                           " is not allowed, only powers of two up to ", hex(kAlignMax)));
    }
    return {};
}

}  // namespace

std::string_view type_name(MemoryBackendKind kind) {
    switch (kind) {
        case MemoryBackendKind::Ram: return "memory-backend-ram";
        case MemoryBackendKind::Memfd: return "memory-backend-memfd";
        default: return "memory-backend-file";
    }
}

std::span<const PropertyGroup> memory_backend_properties(MemoryBackendKind kind) {
    switch (kind) {
        case MemoryBackendKind::Ram: return kRamGroups;
        case MemoryBackendKind::Memfd: return kMemfdGroups;
        default: return kFileGroups;
    }
}

MemoryBackendConfig default_memory_config(MemoryBackendKind kind) {
    MemoryBackendConfig config;
    config.share = kind == MemoryBackendKind::Memfd;
    return config;
}

Result<> check_memory_config(MemoryBackendKind kind, const MemoryBackendConfig& config) {
    if (!config.size) {
        return fail("Parameter 'size' is missing");
    }
    const std::uint64_t size = config.size->value();
    if (size == 0) {
        return fail(refused(kind, "size", 0));
    }
    if (size % kPage != 0) {
        return fail(
            concat(refused(kind, "size", size), ", allowed are multiples of the page, ", kPage));
    }
    if (kind == MemoryBackendKind::File && config.mem_path.empty()) {
        return fail("Parameter 'mem-path' is missing");
    }
    if (config.pmem) {
        return fail(
            "property 'pmem' of memory-backend-file doesn't take value 'on', allowed is off: "
            "siskin has no persistent memory");
    }
    const std::uint32_t threads = config.prealloc_threads.value_or(1);
    if (threads == 0 || threads > kPreallocThreadsMax) {
        return fail(concat(refused(kind, "prealloc-threads", threads), ", allowed is 1 to ",
                           kPreallocThreadsMax));
    }
    if (config.prealloc && !config.reserve) {
        return fail("'prealloc=on' and 'reserve=off' are incompatible");
    }
    if (config.prealloc && config.readonly) {
        return fail("'prealloc=on' and 'readonly=on' are incompatible");
    }
    SISKIN_TRY(check_policy(config));
    return check_pages(config);
}

std::optional<HostMemPolicy> Codec<HostMemPolicy>::parse(const Value& value, const NumberRange&) {
    const std::string* const text = value.as_string();
    const auto* const found =
        text == nullptr ? kHostMemPolicyNames.end()
                        : std::find(kHostMemPolicyNames.begin(), kHostMemPolicyNames.end(), *text);
    return found == kHostMemPolicyNames.end()
               ? std::nullopt
               : std::optional(static_cast<HostMemPolicy>(found - kHostMemPolicyNames.begin()));
}

Value Codec<HostMemPolicy>::print(HostMemPolicy value) {
    return kHostMemPolicyNames[static_cast<std::size_t>(value)];
}

std::string Codec<HostMemPolicy>::allowed(const NumberRange&) {
    return "default, preferred, bind or interleave";
}

std::optional<HostNodes> Codec<HostNodes>::parse(const Value& value, const NumberRange&) {
    const auto numbers = parse_number_list(value, kHostNodesMax - 1);
    if (!numbers) {
        return std::nullopt;
    }
    HostNodes nodes;
    for (const std::uint64_t number : *numbers) {
        nodes.numbers.push_back(static_cast<std::uint16_t>(number));
    }
    return nodes;
}

Value Codec<HostNodes>::print(const HostNodes& value) {
    Value::List list;
    for (const std::uint16_t number : value.numbers) {
        list.emplace_back(unsigned{number});
    }
    return list;
}

std::string Codec<HostNodes>::allowed(const NumberRange&) {
    return concat("numbers and ranges from 0 to ", kHostNodesMax - 1);
}

}  // namespace siskin
