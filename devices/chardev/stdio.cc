// SPDX-License-Identifier: Apache-2.0
// Character back end "stdio".
#include "devices/chardev/stdio.h"

#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "devices/chardev/terminal.h"

namespace siskin {

Result<std::unique_ptr<Chardev>> StdioChardev::create(const ChardevConfig& config, EventLoop& loop,
                                                      MachineLock& lock) {
    SISKIN_TRY(Terminal::take(config.signal.value_or(true) ? Keys::Signal : Keys::Raw));
    // Before anything else is opened, which would get the number of a closed descriptor. Invalid
    // where it is closed; then that direction is silent.
    Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    Fd output(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    auto wake = EventFd::create();
    if (!wake) {
        Terminal::give_back();
        return fail(std::move(wake).error());
    }
    // From here on its destructor gives the terminal back.
    std::unique_ptr<StdioChardev> chardev(
        new StdioChardev(config.id, loop, lock, std::move(*wake)));
    SISKIN_TRY(chardev->start());
    SISKIN_TRY(chardev->connect(std::move(input), std::move(output)));
    return std::unique_ptr<Chardev>(std::move(chardev));
}

StdioChardev::~StdioChardev() {
    write_last();
    disconnect();
    Terminal::give_back();
}

}  // namespace siskin
