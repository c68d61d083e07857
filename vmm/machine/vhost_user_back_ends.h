// SPDX-License-Identifier: Apache-2.0
// How a vhost-user device gets its back end: greeted ahead by device_add, waited for at the start.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "virtio/vhost_user/back_end.h"
#include "virtio/vhost_user/vhost_user_blk_pci.h"
#include "vmm/machine/device_environment.h"

namespace siskin {

// Greets the back end of a VhostUserBlkPciConfig. `done` is called when it is known, or when there
// is none; whoever builds its device inside that call has it, and after it the back end is let go.
// Thread: VM loop, without MachineLock.
void prepare_vhost_user_back_end(DeviceEnvironment& environment,
                                 const std::shared_ptr<void>& config,
                                 std::function<void(Result<>)> done);

// The one that was prepared. At the machine's start nobody has done that, and it is waited for.
// Errors: there is no such chardev, or no back end. Thread: VM loop, under MachineLock.
[[nodiscard]] Result<std::unique_ptr<VhostUserBackEnd>> take_vhost_user_back_end(
    DeviceEnvironment& environment, const VhostUserBlkPciConfig& settings);

}  // namespace siskin
