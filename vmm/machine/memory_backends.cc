// SPDX-License-Identifier: Apache-2.0
// The machine's memory back ends.
#include "vmm/machine/memory_backends.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace siskin {

Result<> MemoryBackends::add(MemoryBackendKind kind, const std::string& id,
                             const MemoryBackendConfig& config) {
    std::unique_ptr<MemoryBackend> memory = SISKIN_TRY(MemoryBackend::create(kind, id, config));
    entries_.push_back(Entry{kind, std::move(memory)});
    return {};
}

void MemoryBackends::remove(std::string_view id) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.memory->id() == id; });
}

const MemoryBackends::Entry* MemoryBackends::find(std::string_view id) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.memory->id() == id; });
    return found == entries_.end() ? nullptr : &*found;
}

Result<const MemoryBackend*> MemoryBackends::take_for_ram(std::string_view id) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.memory->id() == id; });
    if (found == entries_.end()) {
        return fail(concat("Memory backend '", printable(id), "' not found"));
    }
    if (found->is_ram) {
        return fail(concat("memory backend '", id,
                           "' is used multiple times, each -numa node needs a memdev of its own"));
    }
    if (found->memory->config().readonly) {
        return fail(concat("memory backend '", id, "' is read-only, which guest RAM cannot be"));
    }
    found->is_ram = true;
    return found->memory.get();
}

void MemoryBackends::keep_files() {
    for (const Entry& entry : entries_) {
        entry.memory->keep_file();
    }
}

}  // namespace siskin
