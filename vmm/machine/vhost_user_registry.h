// SPDX-License-Identifier: Apache-2.0
// VhostUserRegistry: back ends that were greeted and wait for their device, by their chardev's id.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "virtio/vhost_user/back_end.h"

namespace siskin {

// Thread: VM loop, under MachineLock.
class VhostUserRegistry {
public:
    // There is none of that id.
    VhostUserBackEnd& add(const std::string& chardev, std::unique_ptr<VhostUserBackEnd> back_end) {
        return *back_ends_.emplace(chardev, std::move(back_end)).first->second;
    }
    // Null when there is none.
    [[nodiscard]] std::unique_ptr<VhostUserBackEnd> take(const std::string& chardev) {
        auto node = back_ends_.extract(chardev);
        return node ? std::move(node.mapped()) : nullptr;
    }
    void remove(const std::string& chardev) { back_ends_.erase(chardev); }
    void clear() { back_ends_.clear(); }

private:
    std::map<std::string, std::unique_ptr<VhostUserBackEnd>> back_ends_;
};

}  // namespace siskin
