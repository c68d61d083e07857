// SPDX-License-Identifier: Apache-2.0
// NbdEngine: I/O by one connection to an NBD server, which is sought again when it is lost.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>

#include "base/result.h"
#include "devices/block/block_node.h"
#include "devices/block/nbd_connection.h"

namespace siskin {

struct NbdEngineOptions {
    NbdServer server;
    NbdExport disk;  // as the node has it; a server that comes back has the same or more
    std::chrono::seconds reconnect_delay{0};
    // A server that answers nothing for as long while somebody waits (BlockEngine::release_held())
    // is given up, and all requests are handed back. When they come again they wait for a
    // connection for NbdLink::kAttemptMax at least. What it got before it may still do.
    std::chrono::milliseconds drain_patience{0};
    bool unmap = false;
    bool no_flush = false;
};

// A server that does not answer holds up this engine's requests and nothing else.
class NbdEngine {
public:
    // `connection` is Ready, or null: then it is made. `flush_error`: the first error of a flush,
    // or 0; it is the node's, and outlives the engine.
    [[nodiscard]] static Result<std::unique_ptr<BlockEngine>> create(
        NbdEngineOptions options, std::unique_ptr<NbdConnection> connection,
        std::atomic<int>& flush_error, std::size_t operations_max);
};

}  // namespace siskin
