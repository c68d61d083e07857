// SPDX-License-Identifier: Apache-2.0
// What the host's kernel has in huge pages, for early and clear errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace siskin {

// Reads /sys/kernel/mm/hugepages; tests have a folder of their own. Any thread.
class HugePages {
public:
    explicit HugePages(std::string folder = "/sys/kernel/mm/hugepages")
        : folder_(std::move(folder)) {}

    // Sizes in bytes, ascending.
    [[nodiscard]] std::vector<std::uint64_t> sizes() const;
    // Error: the kernel has no pages of this size; it names those it has.
    [[nodiscard]] Result<> check_size(std::uint64_t page_size) const;
    // "needs 32 huge pages of 2048 KiB, the host has 0 free of 0 (vm.nr_hugepages)": for the
    // message when mapping failed.
    [[nodiscard]] std::string shortage(std::uint64_t page_size, ByteCount wanted) const;

private:
    [[nodiscard]] std::optional<std::uint64_t> count(std::uint64_t page_size,
                                                     const std::string& file) const;

    std::string folder_;
};

}  // namespace siskin
