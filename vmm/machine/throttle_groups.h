// SPDX-License-Identifier: Apache-2.0
// ThrottleGroups: the named groups of a machine's disks, from -object throttle-group and on the
// fly.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devices/block/throttle_group.h"

namespace siskin {

// A group that was made as an object stays until it is removed; one that a disk brought along goes
// with its last disk. Thread: VM loop.
class ThrottleGroups {
public:
    // -object throttle-group. Errors: the id is no identifier, or taken; the limits cannot be.
    [[nodiscard]] Result<> add(const std::string& id, const ThrottleLimits& limits);
    // False when there is no such object.
    [[nodiscard]] bool remove(std::string_view id);
    [[nodiscard]] bool is_object(std::string_view id) const;
    // Ids of objects, in the order of their making.
    [[nodiscard]] std::vector<std::string> objects() const;
    // Whether a disk or a block node has joined the object.
    [[nodiscard]] bool is_used(std::string_view id) const;
    // The group of that name, an object's or one that a disk uses; null when there is none.
    [[nodiscard]] std::shared_ptr<ThrottleGroup> find(std::string_view name) const;
    // The group of that name, made when there is none.
    [[nodiscard]] std::shared_ptr<ThrottleGroup> find_or_make(const std::string& name);

private:
    std::vector<std::shared_ptr<ThrottleGroup>> objects_;
    std::vector<std::weak_ptr<ThrottleGroup>> others_;
};

}  // namespace siskin
