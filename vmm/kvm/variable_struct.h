// SPDX-License-Identifier: Apache-2.0
// A kernel structure of a header and a counted array behind it.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace siskin {

// Storage for ioctls that take "struct Header { ...; struct Entry entries[0]; }".
template <typename Header, typename Entry>
class VariableStruct {
public:
    explicit VariableStruct(std::size_t entry_count)
        : count_(entry_count), words_((sizeof(Header) + entry_count * sizeof(Entry) + 7) / 8) {}

    [[nodiscard]] Header* header() { return reinterpret_cast<Header*>(words_.data()); }
    [[nodiscard]] std::span<Entry> entries() {
        auto* const first = reinterpret_cast<std::byte*>(words_.data()) + sizeof(Header);
        return std::span<Entry>(reinterpret_cast<Entry*>(first), count_);
    }

private:
    std::size_t count_;
    std::vector<unsigned long long> words_;  // zeroed, aligned for every kernel structure
};

}  // namespace siskin
