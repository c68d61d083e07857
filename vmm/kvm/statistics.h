// SPDX-License-Identifier: Apache-2.0
// KvmStatistics: what KVM counts of a VM or a vCPU, with its own description of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace siskin {

enum class StatisticKind : std::uint8_t {
    Cumulative,
    Instant,
    Peak,
    LinearHistogram,
    LogHistogram
};

enum class StatisticUnit : std::uint8_t { None, Bytes, Seconds, Cycles, Boolean };

// Its values count units of base^exponent.
struct Statistic {
    std::string name;
    StatisticKind kind = StatisticKind::Cumulative;
    StatisticUnit unit = StatisticUnit::None;
    int base = 10;  // or 2
    int exponent = 0;
    std::uint32_t bucket_size = 0;  // of a linear histogram
    std::size_t count = 1;          // of values; more than one is a histogram
    std::size_t first = 0;          // of values in what read() returns
};

// Linux: Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD. The kernel's description is read once;
// statistics of a kind or unit that is not known here are left out. Thread: any; reading disturbs
// no vCPU that runs.
class KvmStatistics {
public:
    // The descriptor of statistics of a VM or a vCPU, which must not run meanwhile; invalid where
    // the kernel has none.
    [[nodiscard]] static Result<Fd> open(const Fd& object);
    // From a descriptor of statistics. Errors: it ends too early, or its description contradicts
    // itself or is beyond every measure.
    [[nodiscard]] static Result<KvmStatistics> parse(Fd statistics);

    [[nodiscard]] const std::vector<Statistic>& all() const { return all_; }
    // The values now, those of all() one behind the other.
    [[nodiscard]] Result<std::vector<std::uint64_t>> read() const;

private:
    static constexpr std::size_t kStatisticsMax = 1024;
    static constexpr std::size_t kNameMax = 256;     // bytes, with its NULs
    static constexpr std::size_t kValuesMax = 1024;  // of one statistic

    // Values that are side by side in the kernel's data.
    struct Piece {
        std::uint64_t offset = 0;  // bytes, in the descriptor
        std::size_t first = 0;
        std::size_t count = 0;
    };

    void add_piece(std::uint64_t offset, std::size_t count);
    explicit KvmStatistics(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
    std::vector<Statistic> all_;
    std::vector<Piece> pieces_;
    std::size_t values_ = 0;
};

}  // namespace siskin
