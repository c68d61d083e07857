// SPDX-License-Identifier: Apache-2.0
// Owned file descriptors.
#include "base/fd.h"

#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"

namespace siskin {

void Fd::reset() {
    if (number_ >= 0) {
        // On Linux the descriptor is gone even when close reports an error (close(2)).
        ::close(number_);
        number_ = -1;
    }
}

Result<Fd> Fd::duplicate() const {
    const int number = ::fcntl(number_, F_DUPFD_CLOEXEC, 0);
    if (number < 0) {
        return fail_errno("could not duplicate a file descriptor", errno);
    }
    return Fd(number);
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
    int number = -1;
    do {
        number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    } while (number < 0 && errno == EINTR);
    if (number < 0) {
        return fail_errno(concat("could not open '", printable(path, PATH_MAX), "'"), errno);
    }
    return Fd(number);
}

Result<EventFd> EventFd::create() {
    Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd.valid()) {
        return fail_errno("could not create an eventfd", errno);
    }
    return EventFd(std::move(fd));
}

void EventFd::signal() const {
    const std::uint64_t one = 1;
    // EAGAIN means the counter is full, so its reader is awake already (eventfd(2)).
    [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof(one));
}

std::uint64_t EventFd::take() const {
    std::uint64_t count = 0;
    const auto received = ::read(fd_.get(), &count, sizeof(count));
    return received == static_cast<ssize_t>(sizeof(count)) ? count : 0;
}

bool EventFd::readable() const {
    pollfd descriptor{fd_.get(), POLLIN, 0};
    return ::poll(&descriptor, 1, 0) == 1 && (descriptor.revents & POLLIN) != 0;
}

Result<EventFd> EventFd::duplicate() const {
    return EventFd(SISKIN_TRY(fd_.duplicate()));
}

}  // namespace siskin
