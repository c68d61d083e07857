// SPDX-License-Identifier: Apache-2.0
// Users of a block node.
#include "devices/block/shared_node.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "devices/block/zero_detector.h"

namespace siskin {
namespace {

std::string user_text(const BlockNode* parent) {
    return parent == nullptr ? std::string("a device") : concat("node '", parent->name(), "'");
}

std::string conflict(std::string_view node, const BlockNode* writer, const BlockNode* refuser) {
    return concat("node '", node, "' is written by ", user_text(writer), ", which ",
                  user_text(refuser), " does not allow (share-rw of a device does)");
}

}  // namespace

Result<> SharedNode::claim(ImageUse use) {
    if (is_claimed()) {
        return fail(concat("block node '", name(), "' is already in use by another device"));
    }
    return add(User{nullptr, use});
}

void SharedNode::release() {
    remove(nullptr);
}

bool SharedNode::is_claimed() const {
    return std::any_of(users_.begin(), users_.end(),
                       [](const User& user) { return user.parent == nullptr; });
}

Result<> SharedNode::claim_for(const BlockNode& parent, ImageUse use) {
    return add(User{&parent, use});
}

void SharedNode::release_for(const BlockNode& parent) {
    remove(&parent);
}

Result<std::unique_ptr<BlockEngine>> SharedNode::create_engine(std::size_t operations_max) {
    auto engine = SISKIN_TRY(make_engine(operations_max));
    if (detect_zeroes_ == DetectZeroes::Off) {
        return engine;
    }
    return std::unique_ptr<BlockEngine>(
        std::make_unique<ZeroDetector>(std::move(engine), detect_zeroes_ == DetectZeroes::Unmap));
}

Result<> SharedNode::add(User user) {
    for (const User& other : users_) {
        if (other.parent == user.parent) {
            continue;
        }
        if (user.use.writes && !other.use.others_may_write) {
            return fail(conflict(name(), user.parent, other.parent));
        }
        if (other.use.writes && !user.use.others_may_write) {
            return fail(conflict(name(), other.parent, user.parent));
        }
    }
    const std::vector<User> before = users_;
    std::erase_if(users_, [&](const User& other) { return other.parent == user.parent; });
    users_.push_back(user);
    if (auto changed = change_use(whole_use()); !changed) {
        users_ = before;
        return changed;
    }
    return {};
}

// Fewer users never want more, so what cannot be changed now is no harm.
void SharedNode::remove(const BlockNode* parent) {
    if (std::erase_if(users_, [&](const User& user) { return user.parent == parent; }) != 0) {
        [[maybe_unused]] const auto changed = change_use(whole_use());
    }
}

std::optional<ImageUse> SharedNode::whole_use() const {
    if (users_.empty()) {
        return std::nullopt;
    }
    ImageUse whole{false, true};
    for (const User& user : users_) {
        whole.writes = whole.writes || user.use.writes;
        whole.others_may_write = whole.others_may_write && user.use.others_may_write;
    }
    return whole;
}

}  // namespace siskin
