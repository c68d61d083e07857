// SPDX-License-Identifier: Apache-2.0
// DeviceTree: every device of a machine under its QOM-style path.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/object/device.h"
#include "base/result.h"

namespace siskin {

// Owns the devices. Paths: /machine/peripheral/<id> for a device with an id,
// /machine/peripheral-anon/device[N] without. Thread: VM loop, under MachineLock.
class DeviceTree {
public:
    struct Entry {
        std::string path;
        std::unique_ptr<Device> device;
        bool hot_plugged = false;  // came after the machine was made
    };

    // Errors: the id is no identifier, or taken.
    [[nodiscard]] Result<> check_id(std::string_view id) const;
    // The id was checked. Returns the device, now owned here.
    Device& add(std::unique_ptr<Device> device, bool hot_plugged = false);
    // What add() makes of the next device without an id.
    [[nodiscard]] std::string next_anonymous_path() const;
    // Takes the device of that path out of the tree; null when there is none.
    [[nodiscard]] std::unique_ptr<Device> take(std::string_view path);
    // In the order of creation; destruction is in the reverse order.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    // By id, or by path where the text begins with '/'; null when there is none.
    [[nodiscard]] const Entry* find(std::string_view id_or_path) const;

    ~DeviceTree();
    DeviceTree() = default;
    DeviceTree(const DeviceTree&) = delete;
    DeviceTree& operator=(const DeviceTree&) = delete;

private:
    std::vector<Entry> entries_;
    std::size_t anonymous_count_ = 0;
};

// A letter, then letters, digits, '-', '.', '_'.
[[nodiscard]] bool is_identifier(std::string_view text);

}  // namespace siskin
