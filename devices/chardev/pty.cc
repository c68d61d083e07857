// SPDX-License-Identifier: Apache-2.0
// Character back end "pty".
#include "devices/chardev/pty.h"

#include <utility>

#include "base/pseudo_terminal.h"

namespace siskin {

Result<std::unique_ptr<Chardev>> PtyChardev::create(const ChardevConfig& config, EventLoop& loop,
                                                    MachineLock& lock) {
    PseudoTerminal terminal = SISKIN_TRY(PseudoTerminal::open());
    Fd output = SISKIN_TRY(terminal.master.duplicate());
    std::unique_ptr<PtyChardev> chardev(
        new PtyChardev(config.id, loop, lock, SISKIN_TRY(EventFd::create())));
    chardev->path_ = std::move(terminal.path);
    chardev->slave_ = std::move(terminal.slave);
    SISKIN_TRY(chardev->start());
    SISKIN_TRY(chardev->connect(std::move(terminal.master), std::move(output)));
    return std::unique_ptr<Chardev>(std::move(chardev));
}

}  // namespace siskin
