// SPDX-License-Identifier: Apache-2.0
// Sends bytes with descriptors over a Unix socket (SCM_RIGHTS, unix(7)).
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <sys/socket.h>

#include "base/fd.h"

namespace siskin::test {

// True when all of it was sent. The receiver gets `count` handles on the same file.
inline bool pass_descriptors(const Fd& socket, const Fd& file, std::string bytes,
                             std::size_t count = 1) {
    const std::vector<int> numbers(count, file.get());
    // Of the header's own type, for its alignment.
    std::vector<cmsghdr> control(CMSG_SPACE(count * sizeof(int)) / sizeof(cmsghdr) + 1);
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(header), numbers.data(), count * sizeof(int));
    return ::sendmsg(socket.get(), &message, 0) == static_cast<ssize_t>(bytes.size());
}

}  // namespace siskin::test
