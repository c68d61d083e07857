// SPDX-License-Identifier: Apache-2.0
// DiskServices: what a machine has for its disks besides block nodes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "vmm/machine/block_errors.h"
#include "vmm/machine/drives.h"
#include "vmm/machine/throttle_groups.h"
#include "vmm/machine/tray_moves.h"
#include "vmm/machine/vhost_user_registry.h"

namespace siskin {

// Outlives the disks. Thread: VM loop.
class DiskServices {
public:
    [[nodiscard]] static Result<std::unique_ptr<DiskServices>> create() {
        auto errors = SISKIN_TRY(BlockErrors::create());
        return std::unique_ptr<DiskServices>(
            new DiskServices(std::move(errors), SISKIN_TRY(TrayMoves::create())));
    }

    [[nodiscard]] BlockErrors& errors() { return *errors_; }
    [[nodiscard]] TrayMoves& tray_moves() { return *tray_moves_; }
    [[nodiscard]] ThrottleGroups& throttle_groups() { return throttle_groups_; }
    [[nodiscard]] const ThrottleGroups& throttle_groups() const { return throttle_groups_; }
    // Those that wait for their device.
    [[nodiscard]] VhostUserRegistry& vhost_user() { return vhost_user_; }
    // What the -drive of that id says of its disk; by default nothing.
    void set_policy(const std::string& drive_id, DrivePolicy policy) {
        policies_.insert_or_assign(drive_id, std::move(policy));
    }
    [[nodiscard]] DrivePolicy policy(const std::string& drive_id) const {
        const auto found = policies_.find(drive_id);
        return found == policies_.end() ? DrivePolicy{} : found->second;
    }

private:
    DiskServices(std::unique_ptr<BlockErrors> errors, std::unique_ptr<TrayMoves> tray_moves)
        : errors_(std::move(errors)), tray_moves_(std::move(tray_moves)) {}

    std::unique_ptr<BlockErrors> errors_;
    std::unique_ptr<TrayMoves> tray_moves_;
    ThrottleGroups throttle_groups_;
    VhostUserRegistry vhost_user_;
    std::map<std::string, DrivePolicy> policies_;
};

}  // namespace siskin
