// SPDX-License-Identifier: Apache-2.0
// MemoryBackends: the machine's memory back ends by id, and which of them are guest RAM.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devices/memory/memory_backend.h"

namespace siskin {

// Thread: VM loop.
class MemoryBackends {
public:
    struct Entry {
        MemoryBackendKind kind;
        std::unique_ptr<MemoryBackend> memory;
        bool is_ram = false;  // the guest has it
    };

    // The id was checked. Error: what MemoryBackend::create says.
    [[nodiscard]] Result<> add(MemoryBackendKind kind, const std::string& id,
                               const MemoryBackendConfig& config);
    // Nobody uses it.
    void remove(std::string_view id);
    // Null when there is none of that id.
    [[nodiscard]] const Entry* find(std::string_view id) const;
    // Takes it for guest RAM, for good. Errors: there is none of that id, it is taken already, or
    // it is read-only.
    [[nodiscard]] Result<const MemoryBackend*> take_for_ram(std::string_view id);
    // What has been made so far stays when the process ends.
    void keep_files();
    // In the order of creation.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    std::vector<Entry> entries_;
};

}  // namespace siskin
