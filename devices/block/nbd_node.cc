// SPDX-License-Identifier: Apache-2.0
// NbdNode.
#include "devices/block/nbd_node.h"

#include <algorithm>

#include "base/bits.h"
#include "base/stream_socket.h"
#include "base/text.h"
#include "devices/block/nbd_engine.h"

namespace siskin {
namespace {

constexpr std::uint32_t kSectorSize = 512;

// At the first address that has the disk; it is the server's only one from then on.
Result<std::unique_ptr<NbdConnection>> find_server(NbdServer& server) {
    Result<std::unique_ptr<NbdConnection>> last = fail("an NBD server without an address");
    for (const SocketAddress& address : server.addresses) {
        const NbdServer one{{address}, server.export_name};
        last = NbdConnection::connect(one, kConnectPatience);
        if (last) {
            server = one;
            return last;
        }
    }
    return last;
}

}  // namespace

Result<std::unique_ptr<NbdNode>> NbdNode::open(NbdNodeOptions options) {
    if (options.reconnect_delay > NbdNodeOptions::kReconnectDelayMax) {
        return fail(concat("reconnect-delay is ", options.reconnect_delay.count(), ", the most is ",
                           NbdNodeOptions::kReconnectDelayMax.count(), " seconds"));
    }
    if (options.server.export_name.size() > NbdNodeOptions::kExportNameMax) {
        return fail(concat("export name is ", options.server.export_name.size(),
                           " bytes long, the most is ", NbdNodeOptions::kExportNameMax));
    }
    auto connection = SISKIN_TRY(find_server(options.server));
    if (connection->disk().read_only && !options.read_only) {
        if (!options.auto_read_only) {
            return fail(concat("NBD server '", options.server.addresses.front().text(),
                               "' lets export '", printable(options.server.export_name),
                               "' be read only: say read-only=on"));
        }
        options.read_only = true;
    }
    return std::unique_ptr<NbdNode>(new NbdNode(std::move(options), std::move(connection)));
}

// Whole sectors: what the server has behind the last one is out of reach.
ByteCount NbdNode::capacity() const {
    return ByteCount{align_down(disk_.size, kSectorSize)};
}

std::uint32_t NbdNode::block_size() const {
    return std::max(disk_.request_alignment, kSectorSize);
}

BlockNodeLimits NbdNode::limits() const {
    BlockNodeLimits limits;
    limits.unmap = options_.unmap && !options_.read_only && disk_.can_trim;
    limits.discard_granularity = block_size();
    limits.request_alignment = disk_.request_alignment;
    // Each engine has a connection of its own, and a flush need not cover what others wrote.
    limits.one_engine = true;
    return limits;
}

Result<std::unique_ptr<BlockEngine>> NbdNode::make_engine(std::size_t operations_max) {
    NbdEngineOptions options;
    options.server = options_.server;
    options.disk = disk_;
    options.disk.read_only = options_.read_only;
    options.reconnect_delay = options_.reconnect_delay;
    options.drain_patience = options_.drain_patience;
    options.unmap = options_.unmap;
    options.no_flush = options_.no_flush;
    return NbdEngine::create(std::move(options), std::move(connection_), flush_error_,
                             operations_max);
}

}  // namespace siskin
