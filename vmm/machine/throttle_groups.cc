// SPDX-License-Identifier: Apache-2.0
// ThrottleGroups.
#include "vmm/machine/throttle_groups.h"

#include <algorithm>

#include "base/object/device_tree.h"
#include "base/text.h"

namespace siskin {

Result<> ThrottleGroups::add(const std::string& id, const ThrottleLimits& limits) {
    if (!is_identifier(id)) {
        return fail("Parameter 'id' expects an identifier");
    }
    if (is_object(id)) {
        return fail(
            concat("attempt to add duplicate property '", id, "' to object (type 'container')"));
    }
    SISKIN_TRY(check_throttle_limits(limits));
    std::shared_ptr<ThrottleGroup> group = find_or_make(id);
    group->configure(limits);
    objects_.push_back(std::move(group));
    return {};
}

bool ThrottleGroups::remove(std::string_view id) {
    return std::erase_if(objects_, [&](const auto& group) { return group->name() == id; }) != 0;
}

bool ThrottleGroups::is_object(std::string_view id) const {
    return std::any_of(objects_.begin(), objects_.end(),
                       [&](const auto& group) { return group->name() == id; });
}

std::vector<std::string> ThrottleGroups::objects() const {
    std::vector<std::string> ids;
    for (const auto& group : objects_) {
        ids.push_back(group->name());
    }
    return ids;
}

bool ThrottleGroups::is_used(std::string_view id) const {
    return std::any_of(objects_.begin(), objects_.end(),
                       [&](const auto& group) { return group->name() == id && group->is_used(); });
}

std::shared_ptr<ThrottleGroup> ThrottleGroups::find(std::string_view name) const {
    for (const auto& group : objects_) {
        if (group->name() == name) {
            return group;
        }
    }
    for (const auto& weak : others_) {
        if (auto group = weak.lock();
            group != nullptr && group->name() == name && group->is_used()) {
            return group;
        }
    }
    return nullptr;
}

std::shared_ptr<ThrottleGroup> ThrottleGroups::find_or_make(const std::string& name) {
    for (const auto& group : objects_) {
        if (group->name() == name) {
            return group;
        }
    }
    std::erase_if(others_, [](const auto& group) { return group.expired(); });
    for (const auto& weak : others_) {
        if (auto group = weak.lock(); group != nullptr && group->name() == name) {
            return group;
        }
    }
    auto group = std::make_shared<ThrottleGroup>(name);
    others_.push_back(group);
    return group;
}

}  // namespace siskin
