// SPDX-License-Identifier: Apache-2.0
// How a vhost-user device gets its back end.
#include "vmm/machine/vhost_user_back_ends.h"

#include <utility>

#include "base/text.h"
#include "devices/chardev/socket.h"

namespace siskin {
namespace {

Result<std::unique_ptr<VhostUserBackEnd>> begin(DeviceEnvironment& environment,
                                                const VhostUserBlkPciConfig& settings) {
    SISKIN_TRY(check_vhost_user_blk(settings));
    const std::string& id = settings.blk.chardev;
    Chardev* const chardev = environment.chardevs.find(id);
    if (chardev == nullptr) {
        return fail(concat("Chardev '", printable(id), "' not found"));
    }
    auto* const socket = dynamic_cast<SocketChardev*>(chardev);
    if (socket == nullptr) {
        return fail(concat("chardev '", id, "' is a ", chardev->kind(),
                           ", a vhost-user back end is behind a socket"));
    }
    IoThread* const thread = SISKIN_TRY(environment.io_threads.find(""));
    return VhostUserBackEnd::create(
        *socket, *thread, environment.loop,
        link_options_of(settings, environment.memory, environment.vcpu_count));
}

}  // namespace

void prepare_vhost_user_back_end(DeviceEnvironment& environment,
                                 const std::shared_ptr<void>& config,
                                 std::function<void(Result<>)> done) {
    const auto& settings = *static_cast<const VhostUserBlkPciConfig*>(config.get());
    VhostUserBackEnd* back_end = nullptr;
    Result<> begun;
    {
        const MutexLock hold(environment.lock);
        if (auto made = begin(environment, settings)) {
            back_end = &environment.disks.vhost_user().add(settings.blk.chardev, std::move(*made));
        } else {
            begun = fail(std::move(made).error());
        }
    }
    if (back_end == nullptr) {
        done(begun);
        return;
    }
    back_end->when_known(
        [&environment, id = settings.blk.chardev, done = std::move(done)](const Result<>& known) {
            done(known);
            const MutexLock hold(environment.lock);
            environment.disks.vhost_user().remove(id);
        });
}

Result<std::unique_ptr<VhostUserBackEnd>> take_vhost_user_back_end(
    DeviceEnvironment& environment, const VhostUserBlkPciConfig& settings) {
    auto back_end = environment.disks.vhost_user().take(settings.blk.chardev);
    if (back_end == nullptr && !environment.hot_plugging) {
        back_end = SISKIN_TRY(begin(environment, settings));
        SISKIN_TRY(back_end->wait_until_known());
    }
    if (back_end == nullptr) {
        return fail(concat("chardev '", printable(settings.blk.chardev),
                           "' has no vhost-user back end that is ready"));
    }
    return back_end;
}

}  // namespace siskin
