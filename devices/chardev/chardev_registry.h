// SPDX-License-Identifier: Apache-2.0
// ChardevRegistry: the character back ends of a machine by id.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bus/machine_lock.h"
#include "base/loop/event_loop.h"
#include "base/result.h"
#include "devices/chardev/chardev.h"
#include "devices/chardev/chardev_config.h"

namespace siskin {

// The back end that the config describes. VM loop's thread; MachineLock may be held, except that a
// socket with server=on waits for its client unless wait is off, or until `interrupt_fd` (-1: none)
// becomes readable.
[[nodiscard]] Result<std::unique_ptr<Chardev>> make_chardev(const ChardevConfig& config,
                                                            EventLoop& loop, MachineLock& lock,
                                                            int interrupt_fd = -1);

// Thread: VM loop's.
class ChardevRegistry {
public:
    // Errors: make_chardev's, and "Chardev with id 'x' already exists".
    [[nodiscard]] Result<Chardev*> add(const ChardevConfig& config, EventLoop& loop,
                                       MachineLock& lock, int interrupt_fd = -1);
    // In the place of the one of that id, which exists and is not in use; after an error that one
    // is still there. Errors: make_chardev's.
    [[nodiscard]] Result<Chardev*> replace(const ChardevConfig& config, EventLoop& loop,
                                           MachineLock& lock);
    // Errors: "Chardev 'x' not found", "Chardev 'x' is busy".
    [[nodiscard]] Result<> remove(std::string_view id);
    // Null when there is none.
    [[nodiscard]] Chardev* find(std::string_view id) const;
    // In the order of creation, for query-chardev.
    [[nodiscard]] const std::vector<std::unique_ptr<Chardev>>& all() const { return chardevs_; }

    // Each back end begins.
    void begin_all();
    // For the end of the process, when the vCPUs have stopped; without MachineLock.
    void drain_all(std::chrono::milliseconds limit_each);

private:
    std::vector<std::unique_ptr<Chardev>> chardevs_;
};

}  // namespace siskin
