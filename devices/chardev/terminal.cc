// SPDX-License-Identifier: Apache-2.0
// Standard input and output as a raw, non-blocking stream.
#include "devices/chardev/terminal.h"

#include <array>
#include <atomic>
#include <cstdlib>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace siskin {
namespace {

// What the process found; valid while `taken`.
struct SavedState {
    termios attributes{};
    bool is_terminal = false;
    std::array<int, 2> flags{};  // of descriptors 0 and 1; -1: closed
};

SavedState saved;
std::atomic<bool> taken{false};

void save_flags(int fd_number) {
    saved.flags.at(static_cast<std::size_t>(fd_number)) = ::fcntl(fd_number, F_GETFL);
}

termios for_a_guest(termios attributes, bool keys_signal) {
    // The guest's terminal does what this one stops doing: echo, line editing, CR to NL.
    attributes.c_iflag &=
        ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    attributes.c_oflag |= OPOST;
    attributes.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | IEXTEN);
    if (!keys_signal) {
        attributes.c_lflag &= ~static_cast<tcflag_t>(ISIG);
    }
    attributes.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB);
    attributes.c_cflag |= CS8;
    attributes.c_cc[VMIN] = 1;
    attributes.c_cc[VTIME] = 0;
    return attributes;
}

}  // namespace

Result<> Terminal::take(Keys keys) {
    if (taken.load()) {
        return fail("cannot use stdio by multiple character devices");
    }
    // Both are read before either is changed: on a terminal they are one open file.
    save_flags(STDIN_FILENO);
    save_flags(STDOUT_FILENO);
    saved.is_terminal = ::tcgetattr(STDIN_FILENO, &saved.attributes) == 0;
    static const int registered = std::atexit(restore_terminal_now);
    static_cast<void>(registered);
    taken.store(true);
    for (const int number : {STDIN_FILENO, STDOUT_FILENO}) {
        const int flags = saved.flags.at(static_cast<std::size_t>(number));
        if (flags >= 0) {
            ::fcntl(number, F_SETFL, flags | O_NONBLOCK);
        }
    }
    if (saved.is_terminal && keys != Keys::WholeLines) {
        const termios raw = for_a_guest(saved.attributes, keys == Keys::Signal);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    return {};
}

void Terminal::give_back() {
    restore_terminal_now();
}

void restore_terminal_now() {
    if (!taken.exchange(false)) {
        return;
    }
    if (saved.is_terminal) {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &saved.attributes);
    }
    for (const int number : {STDIN_FILENO, STDOUT_FILENO}) {
        const int flags = saved.flags.at(static_cast<std::size_t>(number));
        if (flags >= 0) {
            ::fcntl(number, F_SETFL, flags);
        }
    }
}

}  // namespace siskin
