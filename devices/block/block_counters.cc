// SPDX-License-Identifier: Apache-2.0
// BlockCounters.
#include "devices/block/block_counters.h"

#include <algorithm>
#include <chrono>

namespace siskin {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// One writer: a load and a store are enough.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
    counter.store(counter.load(kRelaxed) + amount, kRelaxed);
}

}  // namespace

std::uint64_t monotonic_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

void BlockCounters::count_done(BlockAccount account, std::uint64_t bytes, std::uint64_t begun_ns,
                               std::uint64_t now_ns) {
    Account& counters = of(account);
    add(counters.bytes, bytes);
    add(counters.operations, 1);
    add(counters.total_time_ns, now_ns - begun_ns);
    last_access_ns_.store(now_ns, kRelaxed);
}

void BlockCounters::count_failed(BlockAccount account, bool timed, std::uint64_t begun_ns,
                                 std::uint64_t now_ns) {
    add(of(account).failed, 1);
    if (timed) {
        add(of(account).total_time_ns, now_ns - begun_ns);
        last_access_ns_.store(now_ns, kRelaxed);
    }
}

void BlockCounters::count_invalid(BlockAccount account, bool timed, std::uint64_t now_ns) {
    add(of(account).invalid, 1);
    if (timed) {
        last_access_ns_.store(now_ns, kRelaxed);
    }
}

void BlockCounters::note_write_end(std::uint64_t end) {
    if (end > highest_offset_.load(kRelaxed)) {
        highest_offset_.store(end, kRelaxed);
    }
}

void BlockCounters::add_to(BlockTotals& totals) const {
    for (std::size_t index = 0; index < kBlockAccounts; ++index) {
        const Account& from = accounts_[index];
        BlockTotals::Account& to = totals.accounts[index];
        to.bytes += from.bytes.load(kRelaxed);
        to.operations += from.operations.load(kRelaxed);
        to.failed += from.failed.load(kRelaxed);
        to.invalid += from.invalid.load(kRelaxed);
        to.total_time_ns += from.total_time_ns.load(kRelaxed);
    }
    totals.highest_offset = std::max(totals.highest_offset, highest_offset_.load(kRelaxed));
    totals.last_access_ns = std::max(totals.last_access_ns, last_access_ns_.load(kRelaxed));
}

}  // namespace siskin
