// SPDX-License-Identifier: Apache-2.0
// SocketUser: a device that speaks over a chardev's socket itself, because its protocol is more
// than bytes.
#pragma once

#include "base/fd.h"

namespace siskin {

// Thread: VM loop's.
class SocketUser {
public:
    virtual ~SocketUser() = default;
    // A connected, non-blocking Unix socket, the user's from here on. The next one comes after
    // SocketChardev::connection_lost().
    virtual void on_connected(Fd socket) = 0;
};

}  // namespace siskin
