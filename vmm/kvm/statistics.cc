// SPDX-License-Identifier: Apache-2.0
// Reading KVM's binary statistics.
#include "vmm/kvm/statistics.h"

#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

#include <unistd.h>

#include "base/text.h"
#include "vmm/kvm/kvm.h"

namespace siskin {
namespace {

static_assert(sizeof(kvm_stats_header) == 24);
static_assert(sizeof(kvm_stats_desc) == 16);

Result<> read_at(const Fd& fd, std::uint64_t offset, void* into, std::size_t size) {
    const ssize_t count = ::pread(fd.get(), into, size, static_cast<off_t>(offset));
    if (count < 0) {
        return fail_errno("KVM's statistics", errno);
    }
    if (static_cast<std::size_t>(count) != size) {
        return fail("KVM's statistics end too early");
    }
    return {};
}

std::optional<StatisticKind> kind_of(std::uint32_t flags) {
    switch (flags & KVM_STATS_TYPE_MASK) {
        case KVM_STATS_TYPE_CUMULATIVE: return StatisticKind::Cumulative;
        case KVM_STATS_TYPE_INSTANT: return StatisticKind::Instant;
        case KVM_STATS_TYPE_PEAK: return StatisticKind::Peak;
        case KVM_STATS_TYPE_LINEAR_HIST: return StatisticKind::LinearHistogram;
        case KVM_STATS_TYPE_LOG_HIST: return StatisticKind::LogHistogram;
        default: return std::nullopt;
    }
}

std::optional<StatisticUnit> unit_of(std::uint32_t flags) {
    switch (flags & KVM_STATS_UNIT_MASK) {
        case KVM_STATS_UNIT_NONE: return StatisticUnit::None;
        case KVM_STATS_UNIT_BYTES: return StatisticUnit::Bytes;
        case KVM_STATS_UNIT_SECONDS: return StatisticUnit::Seconds;
        case KVM_STATS_UNIT_CYCLES: return StatisticUnit::Cycles;
        case KVM_STATS_UNIT_BOOLEAN: return StatisticUnit::Boolean;
        default: return std::nullopt;
    }
}

std::optional<int> base_of(std::uint32_t flags) {
    switch (flags & KVM_STATS_BASE_MASK) {
        case KVM_STATS_BASE_POW10: return 10;
        case KVM_STATS_BASE_POW2: return 2;
        default: return std::nullopt;
    }
}

// Nothing for a statistic of a later kernel's kinds.
std::optional<Statistic> statistic_of(const kvm_stats_desc& description, std::string_view name) {
    const auto kind = kind_of(description.flags);
    const auto unit = unit_of(description.flags);
    const auto base = base_of(description.flags);
    if (!kind || !unit || !base) {
        return std::nullopt;
    }
    Statistic statistic;
    statistic.name = name.substr(0, name.find('\0'));
    statistic.kind = *kind;
    statistic.unit = *unit;
    statistic.base = *base;
    statistic.exponent = description.exponent;
    statistic.bucket_size = description.bucket_size;
    statistic.count = description.size;
    return statistic;
}

}  // namespace

Result<Fd> KvmStatistics::open(const Fd& object) {
    Fd statistics(kvm_ioctl_value(object, KVM_GET_STATS_FD, 0));
    // Linux before 5.14 does not know the call (ENOTTY, of vCPUs EINVAL).
    if (!statistics.valid() && errno != ENOTTY && errno != EINVAL) {
        return fail_errno("KVM_GET_STATS_FD", errno);
    }
    return statistics;
}

Result<KvmStatistics> KvmStatistics::parse(Fd statistics) {
    KvmStatistics parsed(std::move(statistics));
    kvm_stats_header header{};
    SISKIN_TRY(read_at(parsed.fd_, 0, &header, sizeof(header)));
    if (header.num_desc > kStatisticsMax || header.name_size > kNameMax) {
        return fail(concat("KVM tells of ", header.num_desc, " statistics with names of ",
                           header.name_size, " bytes, the most are ", kStatisticsMax, " and ",
                           kNameMax));
    }
    const std::size_t stride = sizeof(kvm_stats_desc) + header.name_size;
    std::vector<char> table(stride * header.num_desc);
    SISKIN_TRY(read_at(parsed.fd_, header.desc_offset, table.data(), table.size()));
    for (std::size_t at = 0; at < table.size(); at += stride) {
        kvm_stats_desc description{};
        std::memcpy(&description, table.data() + at, sizeof(description));
        if (description.size == 0 || description.size > kValuesMax) {
            return fail(concat("KVM tells of a statistic of ", description.size,
                               " values, allowed are 1 to ", kValuesMax));
        }
        const std::string_view name(table.data() + at + sizeof(description), header.name_size);
        auto statistic = statistic_of(description, name);
        if (!statistic) {
            continue;
        }
        statistic->first = parsed.values_;
        parsed.add_piece(std::uint64_t{header.data_offset} + description.offset, statistic->count);
        parsed.all_.push_back(std::move(*statistic));
    }
    return parsed;
}

void KvmStatistics::add_piece(std::uint64_t offset, std::size_t count) {
    const bool follows =
        !pieces_.empty() &&
        pieces_.back().offset + pieces_.back().count * sizeof(std::uint64_t) == offset;
    if (follows) {
        pieces_.back().count += count;
    } else {
        pieces_.push_back(Piece{offset, values_, count});
    }
    values_ += count;
}

Result<std::vector<std::uint64_t>> KvmStatistics::read() const {
    std::vector<std::uint64_t> values(values_);
    for (const Piece& piece : pieces_) {
        SISKIN_TRY(read_at(fd_, piece.offset, values.data() + piece.first,
                           piece.count * sizeof(std::uint64_t)));
    }
    return values;
}

}  // namespace siskin
