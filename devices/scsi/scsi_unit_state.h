// SPDX-License-Identifier: Apache-2.0
// ScsiUnitState: what commands find out about a unit and change in it.
#pragma once

#include <cstdint>

namespace siskin {

// Thread: the IoThread's.
struct ScsiUnitState {
    bool has_medium = false;  // one lies there, whatever the tray does
    bool tray_open = false;
    bool locked = false;     // PREVENT ALLOW MEDIUM REMOVAL
    bool read_only = false;  // the medium
    bool write_cache = true;
    std::uint64_t blocks = 0;  // of the medium, logical ones
    // For GET EVENT STATUS NOTIFICATION, once each.
    bool new_medium = false;
    bool eject_requested = false;

    [[nodiscard]] bool is_ready() const { return has_medium && !tray_open; }
};

}  // namespace siskin
