// SPDX-License-Identifier: Apache-2.0
// BlockCounters: what one queue's requests came to, for query-blockstats.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace siskin {

// Write zeroes are writes, discards are unmaps, as in QEMU.
enum class BlockAccount { Read, Write, Flush, Unmap };
inline constexpr std::size_t kBlockAccounts = 4;

// Sums over queues.
struct BlockTotals {
    struct Account {
        std::uint64_t bytes = 0;
        std::uint64_t operations = 0;
        std::uint64_t failed = 0;   // by the host
        std::uint64_t invalid = 0;  // refused before the host saw them
        std::uint64_t total_time_ns = 0;
    };

    [[nodiscard]] const Account& of(BlockAccount account) const {
        return accounts[static_cast<std::size_t>(account)];
    }

    std::array<Account, kBlockAccounts> accounts;
    std::uint64_t highest_offset = 0;  // the end of the furthest write, in bytes
    std::uint64_t last_access_ns = 0;  // CLOCK_MONOTONIC; 0: never
};

// CLOCK_MONOTONIC, which is what the times below are.
[[nodiscard]] std::uint64_t monotonic_ns();

// Written by one thread, the queue's, and read by any: no instruction here locks the bus, and two
// queues share no cache line.
class alignas(64) BlockCounters {
public:
    void count_done(BlockAccount account, std::uint64_t bytes, std::uint64_t begun_ns,
                    std::uint64_t now_ns);
    // `timed`: the time it took counts, too (account-failed).
    void count_failed(BlockAccount account, bool timed, std::uint64_t begun_ns,
                      std::uint64_t now_ns);
    // `timed`: the disk was not idle (account-invalid).
    void count_invalid(BlockAccount account, bool timed, std::uint64_t now_ns);
    void note_write_end(std::uint64_t end);

    void add_to(BlockTotals& totals) const;

private:
    struct Account {
        std::atomic<std::uint64_t> bytes{0};
        std::atomic<std::uint64_t> operations{0};
        std::atomic<std::uint64_t> failed{0};
        std::atomic<std::uint64_t> invalid{0};
        std::atomic<std::uint64_t> total_time_ns{0};
    };
    [[nodiscard]] Account& of(BlockAccount account) {
        return accounts_[static_cast<std::size_t>(account)];
    }

    std::array<Account, kBlockAccounts> accounts_;
    std::atomic<std::uint64_t> highest_offset_{0};
    std::atomic<std::uint64_t> last_access_ns_{0};
};

}  // namespace siskin
