// SPDX-License-Identifier: Apache-2.0
// The QMP commands about removable media.
#pragma once

#include <optional>
#include <string>

#include "devices/block/disk_control.h"
#include "qmp/generated/commands.h"
#include "vmm/machine/machine.h"

namespace siskin {

// Thread: VM loop; without MachineLock where requests in flight are waited for.
class MediaHandlers final : public qmp::RemovableMediaCommands {
public:
    explicit MediaHandlers(Machine& machine) : machine_(machine) {}

    [[nodiscard]] Result<> eject(const qmp::EjectArguments& arguments) override;
    [[nodiscard]] Result<> blockdev_open_tray(
        const qmp::BlockdevOpenTrayArguments& arguments) override;
    [[nodiscard]] Result<> blockdev_close_tray(
        const qmp::BlockdevCloseTrayArguments& arguments) override;
    [[nodiscard]] Result<> blockdev_remove_medium(
        const qmp::BlockdevRemoveMediumArguments& arguments) override;
    [[nodiscard]] Result<> blockdev_insert_medium(
        const qmp::BlockdevInsertMediumArguments& arguments) override;
    [[nodiscard]] Result<> blockdev_change_medium(
        const qmp::BlockdevChangeMediumArguments& arguments) override;

private:
    struct Drive {
        std::string name;  // as it was asked for
        DiskControl* disk;
        RemovableDrive* tray;
    };

    [[nodiscard]] Result<Drive> find(const std::optional<std::string>& device,
                                     const std::optional<std::string>& id);
    // Error: it is locked; the guest was asked.
    [[nodiscard]] Result<> open(const Drive& drive, bool force);
    // Error: the tray is closed. The medium's node stays.
    [[nodiscard]] Result<> take_out(const Drive& drive);
    [[nodiscard]] Result<> remove(const Drive& drive);
    void close_tray(const Drive& drive);

    Machine& machine_;
};

}  // namespace siskin
