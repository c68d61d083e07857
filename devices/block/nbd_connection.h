// SPDX-License-Identifier: Apache-2.0
// NbdConnection: one connection to an NBD server, over libnbd.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/socket_address.h"

namespace siskin {

struct NbdServer {
    std::vector<SocketAddress> addresses;  // one at least; a lost server is sought at the first
    std::string export_name;
};

// What the server tells of the disk.
struct NbdExport {
    std::uint64_t size = 0;
    std::uint32_t request_alignment = 1;
    bool read_only = false;
    bool can_flush = false;
    bool can_trim = false;
    bool can_zero = false;
};

// Told how a request ended: 0, or an errno value. Called inside on_ready() or send functions, of
// which it must call none.
class NbdDone {
public:
    virtual ~NbdDone() = default;
    virtual void on_done(int error_number) = 0;
};

// Nothing waits but wait_until_ready(). No TLS: servers that insist on it are refused. Thread: one
// at a time.
class NbdConnection {
public:
    enum class State {
        Connecting,  // or negotiating
        Ready,
        Gone,  // every request that was sent has been told so
    };

    // Of a request; libnbd and servers allow 32 MiB.
    static constexpr std::size_t kTransferMax = std::size_t{1} << 20U;

    // Error: "Failed to connect to '<address>': <reason>", where that is known at once.
    [[nodiscard]] static Result<std::unique_ptr<NbdConnection>> begin(const NbdServer& server);
    // As begin(), and waits for the disk. Error: the server is not there, has no such export, or
    // has not answered when the time is up.
    [[nodiscard]] static Result<std::unique_ptr<NbdConnection>> connect(
        const NbdServer& server, std::chrono::milliseconds patience);

    virtual ~NbdConnection() = default;

    [[nodiscard]] virtual State state() const = 0;
    // Why it is Gone.
    [[nodiscard]] virtual std::string reason() const = 0;
    // Of a connection that is Ready.
    [[nodiscard]] virtual const NbdExport& disk() const = 0;

    // Call on_ready() when the descriptor is readable, or writable while wants_to_write(). Both may
    // change with every call.
    [[nodiscard]] virtual int descriptor() const = 0;
    [[nodiscard]] virtual bool wants_to_write() const = 0;
    virtual void on_ready() = 0;

    // Of a connection that is Ready. `done` hears of each that is sent, once.
    virtual void read(std::byte* data, std::size_t size, std::uint64_t offset, NbdDone& done) = 0;
    virtual void write(const std::byte* data, std::size_t size, std::uint64_t offset,
                       NbdDone& done) = 0;
    virtual void flush(NbdDone& done) = 0;
    virtual void trim(std::uint64_t size, std::uint64_t offset, NbdDone& done) = 0;
    // `may_unmap`: the server may give the room back.
    virtual void zero(std::uint64_t size, std::uint64_t offset, bool may_unmap, NbdDone& done) = 0;
};

}  // namespace siskin
