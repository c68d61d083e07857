// SPDX-License-Identifier: Apache-2.0
// Character back end "pty".
#include "devices/chardev/pty.h"

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

Result<std::unique_ptr<Chardev>> PtyChardev::create(const ChardevConfig& config, EventLoop& loop,
                                                    MachineLock& lock) {
    Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    std::array<char, 64> name{};
    if (!master.valid() || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0 ||
        ::ptsname_r(master.get(), name.data(), name.size()) != 0) {
        return fail_errno(kWhat, errno);
    }
    Fd slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios attributes{};
    if (!slave.valid() || ::tcgetattr(slave.get(), &attributes) != 0) {
        return fail_errno(kWhat, errno);
    }
    // Without this the guest's own output would come back as its input.
    ::cfmakeraw(&attributes);
    if (::tcsetattr(slave.get(), TCSANOW, &attributes) != 0) {
        return fail_errno(kWhat, errno);
    }
    Fd output = SISKIN_TRY(master.duplicate());
    std::unique_ptr<PtyChardev> chardev(
        new PtyChardev(config.id, loop, lock, SISKIN_TRY(EventFd::create())));
    chardev->path_ = name.data();
    chardev->slave_ = std::move(slave);
    SISKIN_TRY(chardev->start());
    SISKIN_TRY(chardev->connect(std::move(master), std::move(output)));
    return std::unique_ptr<Chardev>(std::move(chardev));
}

}  // namespace siskin
