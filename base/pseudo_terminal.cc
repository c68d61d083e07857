// SPDX-License-Identifier: Apache-2.0
// Making a pseudo terminal.
#include "base/pseudo_terminal.h"

#include <array>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace siskin {
namespace {

constexpr std::string_view kWhat = "Failed to create PTY";

}  // namespace

Result<PseudoTerminal> PseudoTerminal::open() {
    PseudoTerminal out;
    out.master = Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    std::array<char, 64> name{};
    if (!out.master.valid() || ::grantpt(out.master.get()) != 0 ||
        ::unlockpt(out.master.get()) != 0 ||
        ::ptsname_r(out.master.get(), name.data(), name.size()) != 0) {
        return fail_errno(kWhat, errno);
    }
    out.path = name.data();
    out.slave = Fd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios attributes{};
    if (!out.slave.valid() || ::tcgetattr(out.slave.get(), &attributes) != 0) {
        return fail_errno(kWhat, errno);
    }
    // Without this our own output would come back as input.
    ::cfmakeraw(&attributes);
    if (::tcsetattr(out.slave.get(), TCSANOW, &attributes) != 0) {
        return fail_errno(kWhat, errno);
    }
    return out;
}

}  // namespace siskin
