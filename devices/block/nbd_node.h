// SPDX-License-Identifier: Apache-2.0
// NbdNode: a disk of an NBD server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "devices/block/nbd_connection.h"
#include "devices/block/shared_node.h"

namespace siskin {

struct NbdNodeOptions {
    static constexpr std::chrono::seconds kReconnectDelayMax = std::chrono::hours(1);
    static constexpr std::size_t kExportNameMax = 4096;  // bytes, of the protocol

    std::string node_name;
    NbdServer server;
    std::chrono::seconds reconnect_delay{0};
    std::chrono::milliseconds drain_patience{10'000};  // NbdEngineOptions
    bool read_only = false;
    bool auto_read_only = false;
    bool unmap = false;
    bool no_flush = false;
};

// Left out: TLS, several connections, locks (a server that shares a disk is asked for that).
// Thread: VM loop.
class NbdNode final : public SharedNode {
public:
    // Waits for the server, kConnectPatience for each address. Errors: it is not there, has no such
    // export, or allows reading only.
    [[nodiscard]] static Result<std::unique_ptr<NbdNode>> open(NbdNodeOptions options);

    [[nodiscard]] const std::string& name() const override { return options_.node_name; }
    [[nodiscard]] ByteCount capacity() const override;
    [[nodiscard]] bool read_only() const override { return options_.read_only; }
    [[nodiscard]] std::uint32_t block_size() const override;
    [[nodiscard]] BlockNodeLimits limits() const override;

private:
    NbdNode(NbdNodeOptions options, std::unique_ptr<NbdConnection> connection)
        : options_(std::move(options)),
          disk_(connection->disk()),
          connection_(std::move(connection)) {}
    // The connection that open() made is the first engine's; others make their own.
    [[nodiscard]] Result<std::unique_ptr<BlockEngine>> make_engine(
        std::size_t operations_max) override;
    [[nodiscard]] Result<> change_use(std::optional<ImageUse>) override { return {}; }

    NbdNodeOptions options_;
    NbdExport disk_;
    std::unique_ptr<NbdConnection> connection_;
    std::atomic<int> flush_error_{0};
};

}  // namespace siskin
